"""WorkflowBuilder and @task: what may be said, and what is refused."""

import contextvars

import pytest

import cloaca
from cloaca import WorkflowBuilder


def test_builder_checks_its_name():
    assert repr(WorkflowBuilder("x")) == "WorkflowBuilder(name='x')"
    with pytest.raises(TypeError, match="name: expected str, got int"):
        WorkflowBuilder(5)
    with pytest.raises(ValueError, match="name must not be empty"):
        WorkflowBuilder("")
    with pytest.raises(ValueError):
        WorkflowBuilder("a::b")


def test_task_outside_of_a_builder():
    with pytest.raises(ValueError) as caught:

        @cloaca.task()
        def lonely(context):
            pass

    assert str(caught.value) == (
        "No workflow context available. Tasks must be defined within a WorkflowBuilder context manager."
    )


def test_description_and_tags_are_kept(name):
    with WorkflowBuilder(name) as builder:
        builder.description(text="what it does")
        builder.tag("team", "billing").tag("tier", "1")
        builder.tag("tier", "2")

        @cloaca.task()
        def a(context):
            pass

        workflow = builder.build()
    assert workflow.name == name
    assert workflow.description == "what it does"
    assert workflow.tags == {"team": "billing", "tier": "2"}
    assert repr(workflow) == f"Workflow(name='{name}', tasks=1)"


def test_description_is_empty_if_there_is_none(name):
    with WorkflowBuilder(name) as builder:

        @cloaca.task()
        def a(context):
            pass

    assert builder.build().description == ""


def test_empty_workflow(name):
    with pytest.raises(ValueError, match="^Failed to build workflow: Workflow cannot be empty$"):
        WorkflowBuilder(name).build()
    with pytest.raises(ValueError, match="^Workflow validation failed: "):
        with WorkflowBuilder(name):
            pass


def test_exception_inside_registers_nothing(runner, name):
    with pytest.raises(ZeroDivisionError):
        with WorkflowBuilder(name):

            @cloaca.task()
            def a(context):
                pass

            1 / 0
    with pytest.raises(ValueError, match="^Workflow execution failed: "):
        runner.execute(name)
    with pytest.raises(ValueError, match="No workflow context"):
        cloaca.task()


def test_add_task(name):
    with WorkflowBuilder(name) as builder:

        @cloaca.task(id="first")
        def a(context):
            pass

        builder.add_task("first").add_task(a)  # it is there already
    again = WorkflowBuilder(name)
    again.add_task("first")
    assert again.build().tasks == ["first"]
    by_function = WorkflowBuilder(name).add_task(a).build()
    assert by_function.tasks == ["first"]
    with pytest.raises(ValueError) as missing:
        again.add_task("second")
    assert str(missing.value) == "Task 'second' not found in registry. Make sure it was decorated with @task."
    with pytest.raises((TypeError, ValueError)) as wrong:
        again.add_task(42)
    assert str(wrong.value) == "Task must be either a string task ID or a function object with __name__ attribute"


def test_ids(name):
    with WorkflowBuilder(name) as builder:

        @cloaca.task
        def plain(context):
            pass

        @cloaca.task(id="named")
        def other(context):
            pass

        @cloaca.task(dependencies=[plain, other, "plain"])
        def last(context):
            pass

    workflow = builder.build()
    assert workflow.tasks == ["plain", "named", "last"]
    assert workflow._core.dependencies("last") == ["plain", "named"]


def test_wrong_graphs(name):
    with pytest.raises(ValueError, match="(?s)^Workflow validation failed: .*unknown dependency.*'nothing'"):
        with WorkflowBuilder(name):

            @cloaca.task(dependencies=["nothing"])
            def a(context):
                pass

    with pytest.raises(ValueError, match="(?s)^Workflow validation failed: .*cycle"):
        with WorkflowBuilder(name):

            @cloaca.task(dependencies=["b"])
            def a(context):
                pass

            @cloaca.task(dependencies=["a"])
            def b(context):
                pass

    with pytest.raises(ValueError, match="(?s)^Workflow validation failed: .*same id"):
        with WorkflowBuilder(name):

            @cloaca.task(id="twice")
            def a(context):
                pass

            @cloaca.task(id="twice")
            def b(context):
                pass


def test_register_workflow_constructor(runner, name):
    calls = []

    def construct():
        calls.append(1)
        with WorkflowBuilder(name) as builder:

            @cloaca.task()
            def a(context):
                context.set("ran", True)

            return builder.build()

    cloaca.register_workflow_constructor(name=name, fn=construct)
    assert calls == [1]
    assert runner.execute(name).final_context["ran"] is True

    def registers_itself():
        construct()

    cloaca.register_workflow_constructor(name, registers_itself)
    for wrong in (lambda: 42, lambda: 1 / 0, lambda: None):
        with pytest.raises(ValueError, match="^Failed to call workflow constructor: "):
            cloaca.register_workflow_constructor(name + "_other", wrong)


def test_introspection(name):
    with WorkflowBuilder(name, tenant="t", package="p", workflow="w") as builder:

        @cloaca.task()
        def a(context):
            pass

        @cloaca.task(dependencies=[a])
        def b(context):
            pass

        @cloaca.task(dependencies=[a])
        def c(context):
            pass

    workflow = builder.build()
    assert workflow.topological_sort() == ["t::p::w::a", "t::p::w::b", "t::p::w::c"]
    assert workflow.get_execution_levels() == [["t::p::w::a"], ["t::p::w::b", "t::p::w::c"]]
    assert workflow.get_roots() == ["t::p::w::a"]
    assert workflow.get_leaves() == ["t::p::w::b", "t::p::w::c"]
    assert workflow.validate() is None
    assert workflow.to_mermaid().startswith("flowchart") or "graph" in workflow.to_mermaid()
    assert "digraph" in workflow.to_dot()
    assert workflow._repr_mimebundle_()["text/vnd.mermaid"] == workflow.to_mermaid()


def test_default_namespace(name):
    with WorkflowBuilder(name) as builder:

        @cloaca.task()
        def a(context):
            pass

    assert builder.build().topological_sort() == [f"public::embedded::{name}::a"]


def test_a_constructor_may_make_a_workflow_of_another_name(runner, name):
    def construct():
        with WorkflowBuilder("draft") as builder:

            @cloaca.task()
            def a(context):
                context.set("ran", True)

            builder._name = name  # so that only what is returned has it
            return builder.build()

    cloaca.register_workflow_constructor(name + "_other", construct)
    assert runner.execute(name).final_context["ran"] is True
    cloaca.register_workflow_constructor(name + "_other", lambda: construct() and None)
    with pytest.raises(ValueError, match="registered no workflow$"):
        cloaca.register_workflow_constructor(name + "_other", lambda: None)


def test_a_block_that_ends_in_another_context(name):
    builder = WorkflowBuilder(name)

    def begin():
        builder.__enter__()

        @cloaca.task()
        def a(context):
            pass

        return contextvars.copy_context()

    def end():
        builder.__exit__(None, None, None)
        with pytest.raises(ValueError, match="^No workflow context available"):
            cloaca.task()

    begun = contextvars.copy_context().run(begin)
    begun.run(end)  # a copy, as another task of asyncio's has
    assert cloaca.WorkflowBuilder(name).add_task("a").build().tasks == ["a"]
    contextvars.copy_context().run(begin)
    end()
