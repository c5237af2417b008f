"""Wrong arguments: the error names the argument, what was expected and what was given."""

import asyncio

import pytest

import cloaca


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"id": 5}, TypeError, "id: expected str, got int"),
        ({"id": ""}, ValueError, "id must not be empty"),
        ({"dependencies": "a"}, TypeError, "dependencies: expected a list"),
        ({"dependencies": [1]}, TypeError, "dependencies: expected a task id or a decorated function, got int"),
        ({"retry_attempts": "3"}, TypeError, "retry_attempts: expected int, got str"),
        ({"retry_attempts": True}, TypeError, "retry_attempts: expected int, got bool"),
        ({"retry_attempts": -1}, ValueError, "retry_attempts is -1; expected 0 to 1000"),
        ({"retry_backoff": "quadratic"}, ValueError, "fixed, linear, exponential"),
        ({"retry_delay_ms": 1.5}, TypeError, "retry_delay_ms: expected int, got float"),
        ({"retry_condition": "a,,b"}, ValueError, "all, never, transient"),
        ({"retry_jitter": 1}, TypeError, "retry_jitter: expected bool, got int"),
        ({"retry": 3}, TypeError, "retry: expected RetryPolicy, got int"),
        ({"on_success": 3}, TypeError, "on_success: expected a callable or None, got int"),
        ({"trigger_rules": 3}, TypeError, "trigger_rules: expected a trigger rule"),
        ({"timeout": "1s"}, TypeError, "timeout: expected a number, got str"),
        ({"timeout": -1}, ValueError, "timeout is -1 s; expected 0 to 100 years"),
        ({"timeout": float("nan")}, ValueError, "timeout is nan; expected a finite number"),
        ({"priority": 40000}, ValueError, "priority is 40000; expected -32768 to 32767"),
        ({"execution": "twice"}, ValueError, "at_least_once or at_most_once"),
    ],
)
def test_task_checks_its_arguments_before_it_looks_for_a_builder(arguments, error, text):
    with pytest.raises(error) as caught:
        cloaca.task(**arguments)
    assert text in str(caught.value)


def test_retry_object_and_keywords_together():
    with pytest.raises(ValueError) as caught:
        cloaca.task(retry=cloaca.RetryPolicy.default(), retry_attempts=3, retry_jitter=False)
    assert "Use the RetryPolicy object OR the keywords, not both." in str(caught.value)
    assert "retry_attempts, retry_jitter" in str(caught.value)


def test_runner_arguments(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            pass

    with pytest.raises(TypeError, match="workflow_name: expected str, got int"):
        runner.execute(5, cloaca.Context())
    with pytest.raises(TypeError, match="context: expected Context, dict or None, got list"):
        runner.execute(name, [1])
    with pytest.raises(TypeError, match="timeout: expected seconds"):
        runner.execute(name, None, "soon")
    with pytest.raises(ValueError, match="timeout is NaN"):
        runner.execute(name, None, float("nan"))
    with pytest.raises(ValueError, match="idempotency_key must not be empty"):
        runner.submit(name, None, idempotency_key="")
    with pytest.raises(ValueError, match="priority is 99999"):
        runner.submit(name, None, priority=99999)
    with pytest.raises(TypeError, match="idempotency_key: expected str, got bytes"):
        runner.submit(name, None, idempotency_key=b"k")
    with pytest.raises(ValueError, match="not an execution id|id"):
        runner.status("no id")
    with pytest.raises(KeyError, match="no execution"):
        runner.status("0192f0c1-0000-7000-8000-000000000000")
    with pytest.raises(TypeError, match="pickled"):
        __import__("pickle").dumps(runner)


def test_urls():
    with pytest.raises(TypeError, match="database_url: expected str, got NoneType"):
        cloaca.DefaultRunner(None)
    for url in ("", "nonsense", "mysql://x/y"):
        with pytest.raises(ValueError, match="^Failed to create DefaultRunner: "):
            cloaca.DefaultRunner(url)
    with pytest.raises(TypeError, match="config: expected DefaultRunnerConfig or None, got dict"):
        cloaca.DefaultRunner("sqlite::memory:", {})


def test_with_schema_refuses():
    refused = cloaca.DefaultRunner.with_schema
    with pytest.raises(ValueError, match="^Schema-based multi-tenancy requires PostgreSQL. "):
        refused("sqlite://x.db", "tenant")
    with pytest.raises(ValueError, match="^Schema name cannot be empty$"):
        refused("postgres://x/y", "")
    with pytest.raises(ValueError, match="^Schema name must contain only alphanumeric characters and underscores$"):
        refused(database_url="postgres://x/y", schema="a-b; DROP")
    with pytest.raises(
        ValueError, match="(?s)^Failed to create DefaultRunner with schema: .*Failed to set up schema "
    ):
        refused("postgres://nobody@127.0.0.1:1/none", "tenant")


def test_body_returns_something_else(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            return 5

    result = runner.execute(name)
    assert result.status == "Failed"
    assert "TypeError: task 'bad' must return Context, dict or None, not int" in result.error_message


@pytest.mark.parametrize(
    ("timeout", "error", "text"),
    [
        ("5", TypeError, "timeout: expected seconds as a number, or None, got str"),
        (True, TypeError, "timeout: expected seconds as a number, or None, got bool"),
        (float("nan"), ValueError, "timeout is NaN; expected seconds"),
        (10**400, ValueError, "timeout is an integer of 1329 bits; expected a number"),
    ],
    ids=["text", "bool", "nan", "too large"],
)
def test_a_wrong_timeout_submits_nothing(runner, name, timeout, error, text):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            pass

    calls = [
        lambda **more: runner.execute(name, None, timeout, **more),
        lambda **more: runner.execute_many(name, [None], timeout, **more),
        lambda **more: asyncio.run(runner.execute_async(name, None, timeout, **more)),
    ]
    for call in calls:
        for more in ({}, {"progress": lambda now: None}):
            with pytest.raises(error) as caught:
                call(**more)
            assert text in str(caught.value)
    with pytest.raises(error, match="^timeout"):
        runner.shutdown(timeout)
    assert runner.list() == [] and "running" in repr(runner)


def test_errors_are_in_words_of_python(runner, name):
    with pytest.raises(ValueError, match="must have run that, or imported the module that does$") as unknown:
        runner.execute("nothing of this kind at all")
    with pytest.raises(ValueError, match="`dependencies` names a task that is not in the workflow") as dependency:
        with cloaca.WorkflowBuilder(name):

            @cloaca.task(dependencies=["nothing"])
            def a(context):
                pass

    for caught in (unknown, dependency):
        for word in ("linker", "cloacina_add_workflows", ".after", ".tasks"):
            assert word not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: cloaca.Context(a="s3cret"), "expected Context(data=None), got (a=str)"),
        (lambda: cloaca.Context({"a": "s3cret"}).get(), "expected Context.get(key, default=None), got ()"),
        (lambda: cloaca.Context({"a": "s3cret"}).set("b"), "expected Context.set(key, value), got (str)"),
        (lambda: cloaca.TaskNamespace(1, "p", "w", "k"), "tenant_id: expected str, got int"),
        (lambda: cloaca.TaskNamespace("t", "p", "w", None), "task_id: expected str, got NoneType"),
        (lambda: cloaca.TaskNamespace("t"), "expected TaskNamespace(tenant_id, package_name, workflow_id, task_id), got (str)"),
        (lambda: cloaca.TaskNamespace("t", "p", "w", "k").is_child_of("t"), "parent: expected TaskNamespace, got str"),
    ],
)
def test_arguments_of_the_extension(call, text):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == text
