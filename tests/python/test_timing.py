"""Time limits, delayed starts and waits that give up."""

import time

import pytest

import cloaca


def test_body_that_takes_too_long(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(timeout=0.1, retry_attempts=1)
        def slow(context):
            gate.pass_()
            context.set("late", True)

    result = runner.execute(name)
    gate.open()
    assert result.status == "Failed"
    assert "timeout" in result.error_message
    assert "late" not in result.final_context


def test_body_sees_that_it_should_stop(runner, name):
    stopped = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(timeout=0.1, retry_attempts=1)
        def polite(context, handle):
            end = time.monotonic() + 5
            while not handle.is_stop_requested() and time.monotonic() < end:
                time.sleep(0.001)
            stopped.append(handle.is_stop_requested())

    assert runner.execute(name).status == "Failed"
    end = time.monotonic() + 5
    while not stopped and time.monotonic() < end:
        time.sleep(0.001)
    assert stopped == [True]


def test_timeout_is_followed_by_another_attempt(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(timeout=0.1, retry_attempts=2, retry_delay_ms=1, retry_condition="transient")
        def slow_once(context, handle):
            if handle.attempt == 1:
                gate.pass_()
            return {"attempt": handle.attempt}

    result = runner.execute(name)
    gate.open()
    assert result.final_context["attempt"] == 2


def test_workflow_timeout(make_runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

        @cloaca.task(dependencies=[slow])
        def never(context):
            raise AssertionError("it ran")

    result = make_runner(workflow_timeout_seconds=1).execute(name)
    gate.open()
    assert result.status == "Failed" and "timeout" in result.error_message
    assert result.task_results["never"].status == "Cancelled"


def test_waiting_gives_up_and_the_work_goes_on(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="goes on"):
        runner.execute(name, timeout=0.1)
    assert 0.1 <= time.monotonic() - begun < 2
    handle = runner.submit(name)
    with pytest.raises(TimeoutError):
        handle.result(timeout=0.01)
    gate.open()
    assert handle.result(8).status == "Completed"
    assert handle.result().status == "Completed"


def test_delayed_start(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

    begun = time.monotonic()
    assert runner.execute(name, start_after=0.3).status == "Completed"
    assert time.monotonic() - begun >= 0.3
