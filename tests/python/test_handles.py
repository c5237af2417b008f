"""submit, and what may be asked and said of an execution."""

import pytest

import cloaca


@pytest.fixture
def gated(name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def wait(context):
            gate.pass_()

        @cloaca.task(dependencies=[wait])
        def after(context):
            context.set("after", True)

    return name


def test_status_and_result(runner, gated, gate):
    handle = runner.submit(gated)
    gate.wait_for_arrivals()
    assert handle.status() == "Running" == runner.status(handle.id)
    with pytest.raises(RuntimeError, match="is Running"):
        runner.result(handle.id)
    gate.open()
    assert handle.result(8).final_context["after"] is True
    assert handle.status() == "Completed"
    assert runner.result(handle.id).execution_id == handle.id
    assert handle.id in repr(handle)


def test_cancel(runner, gated, gate):
    handle = runner.submit(gated)
    gate.wait_for_arrivals()
    handle.cancel("no longer wanted")
    gate.open()
    result = handle.result(8)
    assert result.status == "Cancelled"
    assert result.error_message == "cancelled: no longer wanted"
    assert result.task_results["after"].status == "Cancelled"
    with pytest.raises(RuntimeError, match="is Cancelled; only one that is Pending, Running or Paused"):
        handle.cancel()


def test_cancel_by_id(runner, gated, gate):
    handle = runner.submit(gated)
    gate.wait_for_arrivals()
    runner.cancel(handle.id)
    gate.open()
    assert handle.result(8).status == "Cancelled"


def test_no_reason_may_be_said_as_none(runner, gated, gate):
    handles = [runner.submit(gated, start_after=60) for _ in range(2)]
    handles[0].cancel(None)
    runner.cancel(handles[1].id, None)
    assert [handle.result(8).error_message for handle in handles] == ["cancelled"] * 2


def test_handle_of_an_earlier_submission(runner, gated, gate):
    handle = runner.submit(gated)
    same = runner.handle(handle.id)
    gate.open()
    assert same.result(8).execution_id == handle.id


def test_future(runner, gated, gate):
    future = runner.submit(gated).future()
    assert not future.done()
    gate.open()
    assert future.result(8).status == "Completed"


def test_idempotency_key(runner, gated, gate):
    gate.open()
    first = runner.execute(gated, {"n": 1}, idempotency_key="order 1")
    second = runner.execute(gated, {"n": 1}, idempotency_key="order 1")
    assert first.execution_id == second.execution_id
    with pytest.raises(ValueError, match="another input"):
        runner.execute(gated, {"n": 2}, idempotency_key="order 1")
    assert runner.execute(gated, {"n": 1}, idempotency_key="order 2").execution_id != first.execution_id


def test_list(runner, gated, gate):
    gate.open()
    ids = [runner.execute(gated).execution_id for _ in range(5)]
    listed = runner.list()
    assert [one["execution_id"] for one in listed] == ids[::-1]
    assert listed[0]["status"] == "Completed" and listed[0]["workflow_name"] == gated
    assert len(runner.list(limit=2)) == 2
    assert [one["execution_id"] for one in runner.list(gated, "Completed", 2, ids[2])] == ids[1::-1]
    assert runner.list("another") == [] == runner.list(None, "Failed", None, None)
    with pytest.raises(ValueError, match="Pending"):
        runner.list(status="Done")
    with pytest.raises(ValueError, match="limit is 0"):
        runner.list(limit=0)


def test_runners(runner):
    (one,) = runner.runners()
    assert one["state"] == "alive" and one["pid"] == __import__("os").getpid()


def test_runner_that_is_shut_down(database, gated, gate):
    runner = database.runner()
    handle = runner.submit(gated)
    gate.wait_for_arrivals()
    runner.shutdown(0)
    with pytest.raises(RuntimeError, match="shut down"):
        handle.result(8)
    gate.open()
    for kind in (ValueError, RuntimeError):
        with pytest.raises(kind, match="^Workflow execution failed: .*shut down"):
            runner.execute(gated)


def test_what_was_not_finished_goes_on(database, gated, gate):
    first = database.runner()
    execution = first.submit(gated).id
    gate.wait_for_arrivals()
    first.shutdown(0)
    gate.open()
    with database.runner() as second:
        assert second.handle(execution).result(8).status == "Completed"
