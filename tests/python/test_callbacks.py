"""on_success and on_failure."""

import threading

import cloaca


def test_callbacks_get_the_short_id(runner, name):
    calls = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(on_success=lambda task_id, context: calls.append((task_id, context["x"])))
        def good(context):
            context.set("x", 1)

        @cloaca.task(
            retry_attempts=1, on_failure=lambda task_id, error, context: calls.append((task_id, error, context["in"]))
        )
        def bad(context):
            raise ValueError("no luck")

    runner.execute(name, {"in": 7})
    good_call, bad_call = sorted(calls, key=len)
    assert good_call == ("good", 1)
    assert bad_call[0] == "bad" and bad_call[2] == 7
    assert "Python task execution failed: ValueError: no luck" in bad_call[1]


def test_callbacks_have_returned_before_the_waiter_is_answered(runner, name):
    calls = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(on_success=lambda task_id, context: calls.append(threading.current_thread().name))
        def body(context):
            pass

    for count in range(1, 11):
        runner.execute(name)
        assert len(calls) == count


def test_callback_that_raises_changes_nothing(runner, name):
    def raises(*arguments):
        raise SystemExit("away")

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(on_success=raises)
        def good(context):
            context.set("x", 1)

        @cloaca.task(dependencies=[good], retry_attempts=1, on_failure=raises)
        def bad(context):
            raise RuntimeError("planned")

    result = runner.execute(name)
    assert result.status == "Failed" and "planned" in result.error_message
    assert result.task_results["good"].status == "Completed"


def test_only_the_last_attempt_is_told(runner, name):
    calls = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(
            retry_attempts=3,
            retry_delay_ms=1,
            on_success=lambda *arguments: calls.append("success"),
            on_failure=lambda *arguments: calls.append("failure"),
        )
        def flaky(context, handle):
            if handle.attempt < 3:
                raise RuntimeError("not yet")

    runner.execute(name)
    assert calls == ["success"]


def test_waiting_in_a_callback_is_refused(runner, name):
    errors = []

    def waits(task_id, context):
        try:
            runner.execute(name)
        except RuntimeError as error:
            errors.append(str(error))

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(on_success=waits)
        def body(context):
            pass

    assert runner.execute(name).status == "Completed"
    assert len(errors) == 1 and "would wait for itself" in errors[0]
