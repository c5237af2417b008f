"""Names that programs import today, and what does not work yet."""

import pytest

import cloaca


def test_runner_methods_that_come_later(runner):
    calls = {
        "pause": ("id",),
        "resume": ("id",),
        "retry": ("id",),
        "fork": ("id",),
        "explain": ("id",),
        "signal": ("id", "n"),
    }
    for name, arguments in calls.items():
        with pytest.raises(NotImplementedError, match=f"{name}.* not available in version {cloaca.__version__}"):
            getattr(runner, name)(*arguments)


def test_task_handle(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def body(context, task_handle):
            assert isinstance(task_handle, cloaca.TaskHandle)
            assert task_handle.is_slot_held() is True
            assert task_handle.is_stop_requested() is False
            assert task_handle.task_id == "body" and task_handle.attempt == 1
            context.set("execution", task_handle.execution_id)
            context.set("key", task_handle.idempotency_key)
            task_handle.defer_until(lambda: True, poll_interval_ms=10)

    result = runner.execute(name)
    assert result.status == "Failed"
    assert f"NotImplementedError: TaskHandle.defer_until is not available in version {cloaca.__version__}" in (
        result.error_message
    )


def test_start_and_stop_say_what_does_it():
    assert "construct" in cloaca.DefaultRunner.start.__doc__.lower()
    assert "shutdown" in cloaca.DefaultRunner.stop.__doc__
