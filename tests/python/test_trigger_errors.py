"""What is refused about event triggers, and in which words."""

import functools
import re
import types

import pytest
from conftest import build

import cloaca
from cloaca import TriggerResult

pytestmark = pytest.mark.usefixtures("own_triggers")


def poll():
    return TriggerResult.skip()


@pytest.fixture
def workflow(name):
    build(name, lambda context: None)
    return name


# ---- a declaration

VALUES = {
    "another unit": ({"poll_interval": "5 minutes"}, "^poll_interval: .*'5 minutes'.* such as 500ms, 5s, 2m or 1h"),
    "no unit": ({"poll_interval": "5"}, "^poll_interval: .*'5'.* no unit"),
    "no interval": ({"poll_interval": ""}, "^poll_interval: .*such as 500ms"),
    "a long interval": ({"poll_interval": "1000000h"}, "^poll_interval: .*longer than 100 years"),
    "no time": ({"poll_interval": "0s"}, "^poll_interval is 0s; expected 1ms to 100 years"),
    "no seconds": ({"poll_interval": 0}, "^poll_interval is 0; expected 1ms to 100 years"),
    "less than none": ({"poll_interval": -1.5}, "^poll_interval is -1.5"),
    "no workflow": ({"workflow": None}, "which workflow does it fire"),
    "an empty workflow": ({"workflow": ""}, "^workflow must not be empty"),
    "an empty word": ({"workflow": None, "on": ""}, "^on must not be empty"),
    "two workflows": ({"on": "other"}, "they mean the same: give one of them"),
    "an empty name": ({"name": ""}, "^name must not be empty"),
    "a long name": ({"name": "n" * 256}, "it has 256 bytes; 1 to 255 are allowed"),
    "a surrogate": ({"name": "\ud800"}, "^name: it holds a lone surrogate"),
    "a zone without an expression": ({"timezone": "UTC"}, "^timezone is 'UTC', but there is no cron expression"),
    "an expression": ({"cron": "61 * * * *"}, "^cron: .*minute: '61'"),
    "no expression": ({"cron": ""}, "^cron: .*is empty"),
    "a day that never comes": ({"cron": "0 0 30 2 *"}, "^cron: .*never fires"),
    "a zone": ({"cron": "@daily", "timezone": "Europe/Pari"}, "^cron: .*Europe/Pari.*Europe/Paris"),
}


@pytest.mark.parametrize("what", VALUES)
def test_values_that_are_refused(runner, workflow, what):
    options, message = VALUES[what]
    options = {"workflow": workflow, **options}
    with pytest.raises(ValueError, match=message):
        cloaca.trigger(**options)(poll)
    if options["workflow"] or options.get("on"):
        with pytest.raises(ValueError, match=message):
            runner.add_trigger(poll, **options)
    assert cloaca._registry.triggers() == runner.list_trigger_schedules() == []


TYPES = {
    "workflow": (7, "workflow: expected str, got int"),
    "on": (7, "on: expected str, got int"),
    "name": (b"n", "name: expected str, got bytes"),
    "poll_interval": ([5], "poll_interval: expected text such as '5s', seconds as a number, or a timedelta, got list"),
    "allow_concurrent": (1, "allow_concurrent: expected bool, got int"),
    "cron": (5, "cron: expected str, got int"),
    "concurrent": (True, "concurrent"),
}


@pytest.mark.parametrize("argument", TYPES)
def test_types_that_are_refused(workflow, argument):
    value, message = TYPES[argument]
    options = {"workflow": workflow, argument: value} if argument != "on" else {"on": value}
    with pytest.raises(TypeError, match=re.escape(message)):
        cloaca.trigger(**options)


def test_functions_that_are_refused(workflow):
    with pytest.raises(TypeError, match=r'expected @trigger\("workflow"\), got a function'):

        @cloaca.trigger
        def without_parentheses():
            pass

    with pytest.raises(TypeError, match="trigger: expected a function, got str"):
        cloaca.trigger(workflow)("poll")
    with pytest.raises(TypeError, match="trigger 'two': its function takes one, another; expected one parameter, or none"):
        cloaca.trigger(workflow, name="two")(lambda one, another: None)
    with pytest.raises(ValueError, match="the callable has no __name__; give a name"):
        cloaca.trigger(workflow)(functools.partial(poll))
    assert cloaca._registry.triggers() == []


def module_with(name, workflow):
    module = types.ModuleType(name)
    source = f"import cloaca\n@cloaca.trigger({workflow!r})\ndef found():\n    return cloaca.TriggerResult.skip()\n"
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)


def test_two_of_one_name(make_runner, workflow):
    module_with("orders", workflow)
    module_with("orders", workflow)  # it is loaded again
    with pytest.raises(cloaca.ValidationError, match="trigger 'found' is declared twice: orders.found and bills.found; give"):
        module_with("bills", workflow)
    assert len(make_runner().list_trigger_schedules()) == 1


def test_unknown_workflow(database, make_runner, workflow):
    cloaca.trigger(f"{workflow}s")(poll)
    expected = f"^Failed to create DefaultRunner.*: trigger 'poll': no workflow named '{workflow}s' .*did you mean '{workflow}'"
    with pytest.raises(cloaca.WorkflowNotFound, match=expected) as caught:
        make_runner()
    assert isinstance(caught.value, ValueError)
    cloaca.trigger(workflow)(poll)  # put right
    assert len(make_runner().list_trigger_schedules()) == 1


def test_unknown_workflow_of_a_schedule(make_runner, workflow):
    cloaca.trigger(f"{workflow}s", cron="@daily")(poll)
    with pytest.raises(cloaca.WorkflowNotFound, match=f"^Failed to create DefaultRunner.*did you mean '{workflow}'"):
        make_runner()
    make_runner(enable_cron_scheduling=False)


# ---- a result


@pytest.mark.parametrize("context", [7, "x", [1], [("a", 1)]])
def test_contexts_that_are_refused(context):
    with pytest.raises(TypeError, match=f"context: expected Context, dict or None, got {type(context).__name__}"):
        TriggerResult.fire(context)
    with pytest.raises(TypeError, match="contexts: expected Context, dict or None"):
        TriggerResult.fire_all([{"x": 1}, context])


@pytest.mark.parametrize("contexts", [None, 7, "x", {"x": 1}, cloaca.Context()])
def test_lists_that_are_refused(contexts):
    with pytest.raises(TypeError, match="contexts: expected a list of Context or dict, got "):
        TriggerResult.fire_all(contexts)


# ---- a runner

CALLS = {
    "set_trigger_enabled": ((True,), "update trigger schedule"),
    "delete_trigger_schedule": ((), "delete trigger schedule"),
    "get_trigger_execution_history": ((), "get trigger execution history"),
}


@pytest.mark.parametrize("call", CALLS)
def test_triggers_that_are_not_there(runner, workflow, call):
    arguments, what = CALLS[call]
    with pytest.raises(cloaca.ScheduleNotFound, match=f"^Failed to {what}: no trigger named 'order'") as caught:
        getattr(runner, call)("order", *arguments)
    assert isinstance(caught.value, ValueError) and caught.value.where == "order"
    runner.add_trigger(poll, workflow, name="orders")
    with pytest.raises(ValueError, match="did you mean 'orders'"):
        getattr(runner, call)("order", *arguments)
    with pytest.raises(TypeError, match="name: expected str, got int"):
        getattr(runner, call)(7, *arguments)
    assert runner.get_trigger_schedule("order") is None


def test_what_cannot_be_added(runner, workflow):
    def poll():
        return TriggerResult.skip()

    with pytest.raises(cloaca.WorkflowNotFound, match=f"^Failed to register trigger: .*did you mean '{workflow}'"):
        runner.add_trigger(poll, f"{workflow}s")
    with pytest.raises(ValueError, match="^add_trigger: the function is not decorated with @trigger; say which workflow"):
        runner.add_trigger(poll)
    cloaca.trigger(workflow)(poll)
    with pytest.raises(ValueError, match="^add_trigger: @trigger said how"):
        runner.add_trigger(poll, poll_interval="1s")
    with pytest.raises(TypeError, match="trigger: expected a function, got str"):
        runner.add_trigger("poll", workflow)
    assert runner.list_trigger_schedules() == []


@pytest.mark.parametrize("arguments", [(False, 0), (False, 10_001), (False, 1, -1)])
def test_pages_that_are_refused(runner, workflow, arguments):
    runner.add_trigger(poll, workflow)
    with pytest.raises(ValueError, match="limit|offset"):
        runner.list_trigger_schedules(*arguments)
    with pytest.raises(ValueError, match="limit|offset"):
        runner.get_trigger_execution_history("poll", *arguments[1:])


def test_after_the_shutdown(runner, workflow):
    runner.add_trigger(poll, workflow)
    runner.shutdown()
    for call in (lambda: runner.add_trigger(poll, workflow), lambda: runner.set_trigger_enabled("poll", False),
                 lambda: runner.delete_trigger_schedule("poll")):
        with pytest.raises(cloaca.RunnerStopped, match="^Failed to "):
            call()


def test_config():
    config = cloaca.DefaultRunnerConfig(
        enable_trigger_scheduling=False, trigger_poll_timeout_ms=0, trigger_base_poll_interval_ms=77)
    assert (config.enable_trigger_scheduling, config.trigger_poll_timeout_ms) == (False, 0)
    assert config.trigger_base_poll_interval_ms == 77  # accepted, and of no effect
    defaults = cloaca.DefaultRunnerConfig()
    assert (defaults.enable_trigger_scheduling, defaults.trigger_poll_timeout_ms) == (True, 30_000)
    assert defaults.trigger_base_poll_interval_ms == 1000
    with pytest.raises(ValueError, match="Invalid configuration: trigger_poll_timeout_ms is -1"):
        cloaca.DefaultRunnerConfig(trigger_poll_timeout_ms=-1)
