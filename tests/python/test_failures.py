"""A body that raises, and what becomes of the others."""

import cloaca


def test_failed_workflow_returns(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            raise ValueError("no luck")

    result = runner.execute(name, {"in": 1})
    assert result.status == "Failed"
    assert "Python task execution failed: ValueError: no luck" in result.error_message
    assert "Traceback" in result.task_results["bad"].error
    assert 'raise ValueError("no luck")' in result.task_results["bad"].error or "in bad" in result.task_results["bad"].error
    assert result.final_context.to_dict() == {"in": 1}
    assert repr(result).startswith("WorkflowResult(status=Failed, error=task 'bad' failed after 1 attempt")


def test_dependents_are_skipped_and_others_run(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            raise RuntimeError("x")

        @cloaca.task(dependencies=[bad])
        def after(context):
            raise AssertionError("it ran")

        @cloaca.task(dependencies=[after])
        def far_after(context):
            raise AssertionError("it ran")

        @cloaca.task()
        def aside(context):
            context.set("aside", True)

    result = runner.execute(name)
    assert {key: task.status for key, task in result.task_results.items()} == {
        "bad": "Failed",
        "after": "Skipped",
        "far_after": "Skipped",
        "aside": "Completed",
    }
    assert result.task_results["after"].skip_reason == "upstream_failed: bad"
    assert result.final_context["aside"] is True


def test_exceptions_that_are_no_errors_fail_the_attempt_only(runner, name):
    for kind in (SystemExit, KeyboardInterrupt, GeneratorExit, BaseException):
        with cloaca.WorkflowBuilder(f"{name} {kind.__name__}"):

            @cloaca.task(retry_attempts=1)
            def leave(context, kind=kind):
                raise kind("away")

        result = runner.execute(f"{name} {kind.__name__}")
        assert result.status == "Failed"
        assert f"{kind.__name__}: away" in result.error_message
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def fine(context):
            pass

    assert runner.execute(name).status == "Completed"


def test_exception_chains_are_in_the_traceback(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            try:
                {}["missing"]
            except KeyError as error:
                raise RuntimeError("outer") from error

    error = runner.execute(name).task_results["bad"].error
    assert "RuntimeError: outer" in error and "KeyError: 'missing'" in error


def test_body_with_wrong_parameters(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def takes_nothing():
            pass

    assert "TypeError" in runner.execute(name).error_message


def test_several_failures_are_all_named(runner, name):
    with cloaca.WorkflowBuilder(name):
        for one in ("a", "b"):

            @cloaca.task(id=one, retry_attempts=1)
            def bad(context, one=one):
                raise RuntimeError(f"because of {one}")

    message = runner.execute(name).error_message
    assert "because of a" in message and "because of b" in message
