"""Many tasks side by side."""

import cloaca


def test_fan_out_and_in(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def source(context):
            context.set("n", 3)

        for i in range(100):

            @cloaca.task(id=f"branch {i}", dependencies=[source])
            def branch(context, i=i):
                context.set(f"out {i}", context["n"] * i)

        @cloaca.task(dependencies=[f"branch {i}" for i in range(100)])
        def collect(context):
            context.set("sum", sum(context[f"out {i}"] for i in range(100)))

    result = runner.execute(name)
    assert result.final_context["sum"] == 3 * sum(range(100))
    assert len(result.task_results) == 102


def test_a_thousand_tasks(runner, name):
    with cloaca.WorkflowBuilder(name) as builder:
        for i in range(1000):

            @cloaca.task(id=f"t{i}")
            def body(context):
                pass

    assert len(builder.build().get_roots()) == 1000
    assert runner.execute(name).status == "Completed"
