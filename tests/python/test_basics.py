"""The module and the path of one run."""

import cloaca


def test_module_says_who_it_is():
    assert cloaca.hello_world() == "Hello from Cloaca backend!"
    assert cloaca.HelloClass().get_message() == "Hello from HelloClass!"
    assert repr(cloaca.HelloClass()) == "HelloClass(message='Hello from HelloClass!')"
    assert cloaca.__version__.count(".") == 2
    assert set(cloaca.backends()) == {"sqlite", "postgres"}
    assert cloaca.PipelineResult is cloaca.WorkflowResult
    for name in cloaca.__all__:
        assert hasattr(cloaca, name), name


def test_one_task_runs(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def greet(context):
            context.set("text", f"hello {context['who']}")
            return context

    result = runner.execute(name, cloaca.Context({"who": "world"}))
    assert result.status == "Completed"
    assert result.error_message is None
    assert result.final_context.to_dict() == {"who": "world", "text": "hello world"}
    assert repr(result) == "WorkflowResult(status=Completed, error=None)"


def test_result_tells_of_its_run(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="only")
        def body(context):
            return None

    result = runner.execute(name, cloaca.Context())
    assert result.workflow_name == name
    assert result.execution_id == runner.list(name)[0]["execution_id"]
    assert result.start_time <= result.end_time
    assert result.end_time.endswith("+00:00") and "T" in result.end_time
    assert 0 <= result.duration < 10
    only = result.task_results["only"]
    assert (only.status, only.attempts, only.error, only.skip_reason) == ("Completed", 1, None, None)
    assert only.started_at <= only.completed_at
    assert "only" in result.to_mermaid()
    assert result._repr_mimebundle_()["text/plain"] == repr(result)


def test_dict_and_none_are_contexts_too(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def count(context):
            context.set("keys", len(context))

    assert runner.execute(name, {"a": 1, "b": 2}).final_context["keys"] == 2
    assert runner.execute(name).final_context["keys"] == 0


def test_unknown_workflow_is_a_value_error_that_names_near_ones(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

    try:
        runner.execute(name[:-1], cloaca.Context())
    except ValueError as error:
        assert str(error).startswith("Workflow execution failed: ")
        assert name in str(error)
        assert isinstance(error, cloaca.WorkflowNotFound)
        assert error.where == name[:-1] and error.is_retryable is False
    else:
        raise AssertionError("it was accepted")


def test_function_stays_callable(name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="t", retry_attempts=2)
        def body(context):
            return {"twice": context["n"] * 2}

    assert body({"n": 21}) == {"twice": 42}
    assert body.__name__ == "body"


def test_runner_is_a_context_manager_and_says_its_state(database):
    with database.runner() as runner:
        assert repr(runner).startswith("DefaultRunner(")
        assert "running" in repr(runner)
    assert "shut down" in repr(runner)
    runner.shutdown()
    runner.stop()


def test_two_lives_on_one_database(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("done", True)

    with database.runner() as first:
        execution = first.execute(name, cloaca.Context()).execution_id
    with database.runner() as second:
        assert second.status(execution) == "Completed"
        assert second.result(execution).final_context["done"] is True
