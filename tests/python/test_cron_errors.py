"""What is refused about cron schedules, and in which words; and `next_firings`, which needs no runner."""

import datetime
import re

import pytest
from conftest import build

import cloaca

NOBODY = "0192f0c1-0000-7000-8000-000000000000"


def nothing(context):
    pass


@pytest.fixture
def workflow(name):
    build(name, nothing)
    return name


REFUSED = {
    "another number of fields": ({"cron_expression": "* * *"}, "another number of fields"),
    "a minute": ({"cron_expression": "61 * * * *"}, "minute: '61' is out of range.*0 to 59"),
    "a name": ({"cron_expression": "0 0 * FOO *"}, "month: 'FOO'"),
    "a shorthand": ({"cron_expression": "@often"}, "'@often' is no shorthand.*@daily"),
    "nothing": ({"cron_expression": ""}, "is empty"),
    "a day that never comes": ({"cron_expression": "0 0 30 2 *"}, "never fires"),
    "a zone": ({"timezone": "Europe/Pari"}, "Europe/Pari.*Europe/Paris"),
    "an empty zone": ({"timezone": ""}, "zone"),
    "a catch-up policy": ({"catchup_policy": "all"}, "'all'.*run_all"),
    "an overlap policy": ({"overlap_policy": "never"}, "'never'.*queue"),
    "less than no jitter": ({"jitter": -1}, "jitter is -1"),
    "a long jitter": ({"jitter": datetime.timedelta(days=2)}, "jitter is .* less than the shortest time between"),
    "a long name": ({"name": "n" * 256}, "256 bytes"),
    "an end before the start": ({"start": "2031-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}, "before it starts"),
    "an end that has come": ({"end": "2020-01-01T00:00:00Z"}, "fires at no time"),
    "a parameter of ours": ({"parameters": {"schedule_id": 1}}, "parameter 'schedule_id'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_registration_that_is_refused(runner, workflow, what):
    arguments, message = REFUSED[what]
    with pytest.raises(ValueError, match=f"^Failed to register cron workflow: .*{message}") as caught:
        runner.register_cron_workflow(**{"workflow_name": workflow, "cron_expression": "@daily", **arguments})
    assert isinstance(caught.value, cloaca.ValidationError)
    assert runner.list_cron_schedules() == []


def test_unknown_workflow(runner, workflow):
    with pytest.raises(cloaca.WorkflowNotFound, match=f"^Failed to register cron workflow: .*{workflow}"):
        runner.register_cron_workflow(f"{workflow}s", "@daily")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00",
                                  datetime.datetime(2026, 1, 1)])
def test_datetimes(runner, workflow, text):
    schedule = runner.register_cron_workflow(workflow, "@daily")
    for call in (lambda: runner.register_cron_workflow(workflow, "@daily", start=text),
                 lambda: runner.register_cron_workflow(workflow, "@daily", end=text),
                 lambda: runner.get_cron_execution_stats(text),
                 lambda: runner.backfill_cron_schedule(schedule, text, "2026-01-01T00:00:00Z"),
                 lambda: cloaca.next_firings("@daily", start=text)):
        with pytest.raises(ValueError, match="^Invalid datetime format: .*expected ISO 8601 with an offset"):
            call()


CALLS = {
    "get_cron_schedule": ((), "get cron schedule"),
    "update_cron_schedule": (("@daily", "UTC"), "update cron schedule"),
    "set_cron_schedule_enabled": ((True,), "update cron schedule"),
    "delete_cron_schedule": ((), "delete cron schedule"),
    "trigger_cron_schedule": ((), "trigger cron schedule"),
    "backfill_cron_schedule": (("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), "backfill cron schedule"),
    "get_cron_execution_history": ((), "get cron execution history"),
}


@pytest.mark.parametrize("call", CALLS)
def test_schedules_that_are_not_there(runner, call):
    arguments, what = CALLS[call]
    with pytest.raises(ValueError, match="^Invalid schedule ID: .*'x'"):
        getattr(runner, call)("x", *arguments)
    with pytest.raises(cloaca.ScheduleNotFound, match=f"^Failed to {what}: no schedule {NOBODY}") as caught:
        getattr(runner, call)(NOBODY, *arguments)
    assert isinstance(caught.value, ValueError) and caught.value.where == NOBODY
    with pytest.raises(TypeError, match="schedule_id: expected str, got int"):
        getattr(runner, call)(7, *arguments)


def test_update_that_is_refused(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "@daily")
    before = runner.get_cron_schedule(schedule)
    for expression, zone, message in (("0 25 * * *", "UTC", "hour: '25'"), ("@daily", "Mars/Base", "Mars/Base")):
        with pytest.raises(cloaca.ValidationError, match=f"^Failed to update cron schedule: .*{message}"):
            runner.update_cron_schedule(schedule, expression, zone)
    assert runner.get_cron_schedule(schedule) == before


def test_backfills_that_are_refused(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "* * * * * *", enabled=False)
    for start, end, message in (("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "ends before it begins"),
                                ("2026-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "in the future"),
                                ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "more than 10000 instants")):
        with pytest.raises(cloaca.ValidationError, match=f"^Failed to backfill cron schedule: .*{message}"):
            runner.backfill_cron_schedule(schedule, start, end)
    assert runner.get_cron_execution_history(schedule) == []


@pytest.mark.parametrize("arguments", [(False, 0), (False, 10_001), (False, 1, -1)])
def test_pages_that_are_refused(runner, arguments):
    with pytest.raises(ValueError, match="limit|offset"):
        runner.list_cron_schedules(*arguments)


def test_types_that_are_refused(runner, workflow):
    for arguments, message in (({"jitter": "1s"}, "jitter: expected a number, got str"),
                               ({"enabled": 1}, "enabled: expected bool, got int"),
                               ({"start": 0}, "start: expected str, got int"),
                               ({"parameters": 7}, "parameters: expected Context, dict or None, got int"),
                               ({"parameters": {"x": object()}}, "key 'x'"),
                               ({"timezone": b"UTC"}, "timezone: expected str, got bytes"),
                               ({"catch_up": "skip"}, "catch_up")):
        with pytest.raises(TypeError, match=re.escape(message)):
            runner.register_cron_workflow(workflow, "@daily", **arguments)
    with pytest.raises(TypeError, match="enabled_only: expected bool"):
        runner.list_cron_schedules("yes")


def test_after_the_shutdown(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "@daily")
    runner.shutdown()
    with pytest.raises(cloaca.RunnerStopped, match="^Failed to register cron workflow: "):
        runner.register_cron_workflow(workflow, "@hourly")
    with pytest.raises(cloaca.RunnerStopped, match="^Failed to delete cron schedule: "):
        runner.delete_cron_schedule(schedule)


def test_config():
    for most in (0, 10_001):
        with pytest.raises(ValueError, match="Invalid configuration: cron_max_catchup_executions"):
            cloaca.DefaultRunnerConfig(cron_max_catchup_executions=most)
    config = cloaca.DefaultRunnerConfig(cron_enable_recovery=False, cron_lost_threshold_minutes=3)
    assert (config.cron_enable_recovery, config.cron_lost_threshold_minutes) == (False, 3)


# ---- next_firings


def test_next_firings():
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    assert cloaca.next_firings("@daily", "UTC", begin, 2) == [begin + datetime.timedelta(days=day) for day in (1, 2)]
    assert cloaca.next_firings("@daily", None, begin, None) == cloaca.next_firings("@daily", start=begin)
    assert len(cloaca.next_firings("* * * * * *", count=10_000)) == 10_000
    (soon,) = cloaca.next_firings("* * * * * *", count=1)
    assert abs(soon - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(seconds=5)
    assert cloaca.next_firings("@yearly", start="9998-01-01T00:00:00Z", count=5)[-1].year == 9999


def test_next_firings_that_are_refused():
    for arguments in (("x",), ("@daily", "Mars/Base"), ("@daily", "UTC", None, 0), ("@daily", "UTC", None, 10_001)):
        with pytest.raises(ValueError):
            cloaca.next_firings(*arguments)
