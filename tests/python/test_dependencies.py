"""A task runs after what it depends on, and sees what that left."""

import cloaca


def test_order_and_values(runner, name):
    order = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def extract(context):
            order.append("extract")
            context.set("rows", [1, 2, 3])

        @cloaca.task(dependencies=[extract])
        def transform(context):
            order.append("transform")
            context.set("rows", [row * 2 for row in context["rows"]])

        @cloaca.task(dependencies=["transform"])
        def load(context):
            order.append("load")
            context.set("loaded", len(context["rows"]))

    result = runner.execute(name)
    assert order == ["extract", "transform", "load"]
    assert result.final_context.to_dict() == {"rows": [2, 4, 6], "loaded": 3}


def test_declared_before_what_it_depends_on(runner, name):
    order = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(dependencies=["first"])
        def second(context):
            order.append("second")

        @cloaca.task()
        def first(context):
            order.append("first")

    assert runner.execute(name).status == "Completed"
    assert order == ["first", "second"]


def test_returned_dict_is_merged(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            context.set("in_place", 1)
            return {"returned": 2}

    assert runner.execute(name, {"given": 0}).final_context.to_dict() == {"given": 0, "in_place": 1, "returned": 2}


def test_returned_context_takes_the_place_of_the_given_one(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            other = context.copy()
            other.set("new", 1)
            other.remove("old")
            return other

        @cloaca.task(dependencies=[a])
        def b(context):
            return cloaca.Context({"seen": context.keys()})

    result = runner.execute(name, {"old": 0, "kept": True})
    assert result.final_context.to_dict() == {"seen": ["kept", "new"]}


def test_removed_key_is_gone_downstream(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def drop(context):
            assert context.remove("secret") == "x"

        @cloaca.task(dependencies=[drop])
        def look(context):
            context.set("has_secret", "secret" in context)

    assert runner.execute(name, {"secret": "x"}).final_context.to_dict() == {"has_secret": False}


def test_unrelated_tasks_do_not_see_each_other(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def a(context):
            context.set("a", 1)

        @cloaca.task()
        def b(context):
            context.set("b_sees", context.keys())

    final = runner.execute(name, {"input": 0}).final_context
    assert final["b_sees"] == ["input"] and final["a"] == 1


def test_changes_of_a_body_that_failed_are_dropped(runner, name):
    attempts = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=2, retry_delay_ms=1)
        def flaky(context):
            attempts.append(context.get("mark"))
            context.set("mark", len(attempts))
            if len(attempts) == 1:
                raise RuntimeError("once")

    assert runner.execute(name).final_context.to_dict() == {"mark": 2}
    assert attempts == [None, None]
