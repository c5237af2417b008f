"""When a task whose dependencies are final runs."""

import pytest

import cloaca


def status_of_last(runner, name, rule, *, a_fails=False, context=None):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def a(context):
            if a_fails:
                raise RuntimeError("planned")
            context.set("n", 5)

        @cloaca.task(dependencies=[a], trigger_rules=rule)
        def last(context):
            context.set("ran", True)

    result = runner.execute(name, context)
    return result.task_results["last"].status, result.status


@pytest.mark.parametrize(
    ("rule", "fails", "last", "workflow"),
    [
        (None, False, "Completed", "Completed"),
        (None, True, "Skipped", "Failed"),
        (cloaca.always, True, "Completed", "Failed"),
        (cloaca.always(), False, "Completed", "Completed"),
        (cloaca.task_success("a"), False, "Completed", "Completed"),
        (cloaca.task_success("a"), True, "Skipped", "Failed"),
        (cloaca.task_failed("a"), True, "Completed", "Completed"),
        (cloaca.task_failed("a"), False, "Skipped", "Completed"),
        (cloaca.task_skipped("a"), False, "Skipped", "Completed"),
        (cloaca.any_of(cloaca.task_failed("a"), cloaca.task_success("a")), True, "Completed", "Completed"),
        (cloaca.all_of(cloaca.task_success("a"), cloaca.context_value("n", ">", 3)), False, "Completed", "Completed"),
        (cloaca.all_of(cloaca.task_success("a"), cloaca.context_value("n", ">", 7)), False, "Skipped", "Completed"),
        (cloaca.none_of(cloaca.task_failed("a")), False, "Completed", "Completed"),
        (cloaca.all_of(), False, "Completed", "Completed"),
        (cloaca.any_of(), False, "Skipped", "Completed"),
        ({"type": "TaskSuccess", "task_name": "a"}, False, "Completed", "Completed"),
        ('{"type": "Always"}', False, "Completed", "Completed"),
    ],
)
def test_rules(runner, name, rule, fails, last, workflow):
    assert status_of_last(runner, name, rule, a_fails=fails) == (last, workflow)


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("equals", 5, True),
        ("Equals", 5.0, True),
        ("==", "5", False),
        ("not_equals", 4, True),
        ("!=", 5, False),
        ("GreaterThan", 4.5, True),
        ("<", 5, False),
        ("less_than", 6, True),
        ("exists", None, True),
        ("NotExists", None, False),
    ],
)
def test_operators_on_numbers(runner, name, operator, value, holds):
    rule = cloaca.context_value("n", operator, value)
    assert status_of_last(runner, name, rule)[0] == ("Completed" if holds else "Skipped")


@pytest.mark.parametrize(
    ("given", "operator", "value", "holds"),
    [
        ("abc", "contains", "bc", True),
        ([1, 2], "contains", 2, True),
        ({"k": 1}, "contains", "k", True),
        ([1, 2], "not_contains", 2, False),
        ({"x": [1, {"y": None}]}, "equals", {"x": [1, {"y": None}]}, True),
    ],
)
def test_operators_on_containers(runner, name, given, operator, value, holds):
    rule = cloaca.context_value("given", operator, value)
    status = status_of_last(runner, name, rule, context={"given": given})[0]
    assert status == ("Completed" if holds else "Skipped")


def test_rule_by_function(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="with an id", retry_attempts=1)
        def a(context):
            raise RuntimeError("planned")

        @cloaca.task(dependencies=[a], trigger_rules=cloaca.task_failed(a))
        def clean_up(context):
            context.set("cleaned", True)

    result = runner.execute(name)
    assert result.status == "Completed" and result.final_context["cleaned"] is True


def test_rule_that_names_no_task_upstream(name):
    with pytest.raises(ValueError, match="(?s)^Workflow validation failed: .*not upstream.*'b'"):
        with cloaca.WorkflowBuilder(name):

            @cloaca.task()
            def b(context):
                pass

            @cloaca.task(trigger_rules=cloaca.task_success("b"))
            def a(context):
                pass

    with pytest.raises(ValueError, match="unknown type 'Sometimes'"):
        with cloaca.WorkflowBuilder(name):

            @cloaca.task(trigger_rules={"type": "Sometimes"})
            def c(context):
                pass
