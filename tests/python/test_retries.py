"""Failed attempts that are followed by others."""

import pytest

import cloaca
from cloaca import BackoffStrategy, RetryCondition, RetryPolicy


def attempts_of(runner, name, error, **options):
    """How often a body runs that always raises `error`."""
    runs = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(**options)
        def body(context):
            runs.append(1)
            raise error

    result = runner.execute(name)
    assert result.status == "Failed"
    assert result.task_results["body"].attempts == len(runs)
    return len(runs)


@pytest.mark.parametrize(("attempts", "runs"), [(0, 1), (1, 1), (2, 2), (4, 4)])
def test_attempts_in_all(runner, name, attempts, runs):
    assert attempts_of(runner, name, RuntimeError("x"), retry_attempts=attempts, retry_delay_ms=1) == runs


def test_three_attempts_if_nothing_is_said_of_them(runner, name):
    assert attempts_of(runner, name, RuntimeError("x"), retry_delay_ms=1) == 3


def test_success_ends_it(runner, name):
    seen = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=5, retry_delay_ms=1, retry_backoff="fixed")
        def flaky(context, handle):
            seen.append(handle.attempt)
            if handle.attempt < 3:
                raise RuntimeError("not yet")
            context.set("attempt", handle.attempt)

    result = runner.execute(name)
    assert result.final_context["attempt"] == 3 and seen == [1, 2, 3]
    assert result.task_results["flaky"].attempts == 3


@pytest.mark.parametrize(
    ("condition", "error", "runs"),
    [
        ("never", TimeoutError("t"), 1),
        ("all", ValueError("v"), 2),
        ("transient", TimeoutError("t"), 2),
        ("transient", ConnectionRefusedError("no"), 2),
        ("transient", OSError(5, "Input/output error"), 2),
        ("transient", ValueError("the service is unavailable"), 2),
        ("transient", ValueError("v"), 1),
        ("boom, bang", ValueError("it went BANG"), 2),
        ("boom, bang", ValueError("silence"), 1),
        ("ValueError", ValueError("silence"), 2),
    ],
)
def test_conditions(runner, name, condition, error, runs):
    ran = attempts_of(runner, name, error, retry_attempts=2, retry_delay_ms=1, retry_condition=condition)
    assert ran == runs


def test_words_of_the_traceback_are_not_those_of_the_error(runner, name):
    def connection_timeout():
        raise ValueError("v")

    runs = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=2, retry_delay_ms=1, retry_condition="transient")
        def body(context):
            runs.append(1)
            connection_timeout()

    runner.execute(name)
    assert runs == [1]


def test_errors_that_decide_for_themselves(runner, name):
    options = {"retry_attempts": 2, "retry_delay_ms": 1}
    assert attempts_of(runner, name + "1", cloaca.PermanentError("p"), **options) == 1
    assert attempts_of(runner, name + "2", cloaca.TransientError("t"), retry_condition="boom", **options) == 2


def test_policy_object(runner, name):
    policy = (
        RetryPolicy.builder()
        .max_attempts(4)
        .initial_delay(0.001)
        .backoff_strategy(BackoffStrategy.linear(1))
        .retry_condition(RetryCondition.error_pattern(["x"]))
        .build()
    )
    assert attempts_of(runner, name, RuntimeError("x"), retry=policy) == 4


def test_wait_between_attempts(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=2, retry_delay_ms=200, retry_backoff="fixed", retry_jitter=False)
        def body(context, handle):
            if handle.attempt == 1:
                raise RuntimeError("x")

    result = runner.execute(name)
    assert 0.2 <= result.duration < 5


def test_a_short_longest_wait_alone(runner, name):
    assert attempts_of(runner, name, RuntimeError("x"), retry_max_delay_ms=1) == 3


def test_more_patterns_than_the_engine_has_places_for(runner, name):
    patterns = ", ".join(f"<{n}>" for n in range(20))
    options = {"retry_attempts": 2, "retry_delay_ms": 1, "retry_condition": patterns}
    assert attempts_of(runner, name + "1", RuntimeError("it says <19>"), **options) == 2
    assert attempts_of(runner, name + "2", RuntimeError("it says <20>"), **options) == 1
