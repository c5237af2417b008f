"""Long chains."""

import cloaca


def test_fifty_steps(runner, name):
    with cloaca.WorkflowBuilder(name):
        for i in range(50):

            @cloaca.task(id=f"step {i}", dependencies=[f"step {i - 1}"] if i else [])
            def step(context, i=i):
                assert context["count"] == i
                context.update("count", i + 1)

    result = runner.execute(name, {"count": 0})
    assert result.status == "Completed" and result.final_context["count"] == 50
    assert [task.status for task in result.task_results.values()] == ["Completed"] * 50


def test_many_runs_of_one_chain(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            return {"x": context["n"] + 1}

        @cloaca.task(dependencies=[a])
        def b(context):
            return {"x": context["x"] * 2}

    for n in range(20):
        assert runner.execute(name, {"n": n}).final_context["x"] == (n + 1) * 2
