"""Cron schedules: they fire, once each, with what their executions read; and what can be done with them."""

import dataclasses
import datetime
import time

import pytest
from conftest import build, wait_until

import cloaca

UTC = datetime.timezone.utc
SCHEDULE_KEYS = {
    "id", "workflow_name", "cron_expression", "timezone", "name", "enabled", "catchup_policy", "overlap_policy", "jitter",
    "start", "end", "parameters", "next_run_at", "last_run_at", "error", "created_at", "updated_at",
}
HISTORY_KEYS = {
    "id", "schedule_id", "scheduled_time", "outcome", "reason", "until", "instants", "claimed_at", "workflow_execution_id",
    "pipeline_execution_id", "created_at", "updated_at",
}
STATS_KEYS = {
    "total_executions", "successful_executions", "lost_executions", "success_rate", "skipped", "missed",
}
LONG_AGO = "2020-01-01T00:00:00+00:00"


def report(context):
    context["seen"] = context["scheduled_time"]


@pytest.fixture
def workflow(name):
    build(name, report)
    return name


def lines(runner, schedule, outcome):
    """Of the history, oldest first."""
    history = runner.get_cron_execution_history(schedule)
    return [line for line in reversed(history) if line["outcome"] == outcome]


def fired(runner, schedule):
    return lines(runner, schedule, "fired")


def missed(runner, schedule):
    return lines(runner, schedule, "missed")


def ended(runner, execution):
    wait_until(lambda: runner.status(execution) in ("Completed", "Failed", "Cancelled"))
    return runner.result(execution)


# ---- registered


def test_registered_again_it_is_the_same(make_runner, workflow):
    runner, other = make_runner(), make_runner()
    schedule = runner.register_cron_workflow(workflow, "0 9 * * MON-FRI", "Europe/Paris")
    assert schedule == other.register_cron_workflow(workflow, "0 9 * * MON-FRI", timezone="Europe/Paris", jitter=5)
    assert runner.get_cron_schedule(schedule)["jitter"] == 5
    others = {
        schedule,
        runner.register_cron_workflow(workflow, "0 9 * * MON-FRI"),
        runner.register_cron_workflow(workflow, "0 8 * * MON-FRI", "Europe/Paris"),
        runner.register_cron_workflow(workflow, "0 9 * * MON-FRI", "Europe/Paris", name="report"),
    }
    assert len(others) == len(runner.list_cron_schedules()) == 4


def test_of_a_name_there_is_one(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "@daily", name="report")
    assert schedule == runner.register_cron_workflow(workflow, "@hourly", "Asia/Tokyo", name="report")
    stored = runner.get_cron_schedule(schedule)
    assert (stored["cron_expression"], stored["timezone"], stored["name"]) == ("@hourly", "Asia/Tokyo", "report")


def test_what_is_stored(runner, workflow):
    start = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    schedule = runner.register_cron_workflow(
        workflow, "30 4 1 * *", "America/New_York", name="n", catchup_policy="run_all", overlap_policy="queue",
        jitter=datetime.timedelta(minutes=1.5), start=start, end="2031-01-01T00:00:00Z",
        parameters={"region": "north", "depth": [1, {"x": None}]}, enabled=True)
    stored = runner.get_cron_schedule(schedule)
    assert set(stored) == SCHEDULE_KEYS
    created, updated = stored.pop("created_at"), stored.pop("updated_at")
    assert datetime.datetime.fromisoformat(created) == datetime.datetime.fromisoformat(updated)
    assert stored == {
        "id": schedule, "workflow_name": workflow, "cron_expression": "30 4 1 * *", "timezone": "America/New_York",
        "name": "n", "enabled": True, "catchup_policy": "run_all", "overlap_policy": "queue", "jitter": 90.0,
        "start": "2029-12-31T23:00:00+00:00", "end": "2031-01-01T00:00:00+00:00",
        "parameters": {"region": "north", "depth": [1, {"x": None}]}, "next_run_at": "2030-01-01T09:30:00+00:00",
        "last_run_at": None, "error": None,
    }


def test_none_is_the_default(runner, workflow):
    schedule = runner.register_cron_workflow(
        workflow, "@daily", None, name=None, catchup_policy=None, overlap_policy=None, jitter=None, start=None, end=None,
        parameters=None, enabled=None)
    assert schedule == runner.register_cron_workflow(workflow, "@daily")
    stored = runner.get_cron_schedule(schedule)
    assert stored.items() >= {
        "timezone": "UTC", "name": None, "catchup_policy": "skip", "overlap_policy": "allow", "jitter": 0, "start": None,
        "end": None, "parameters": {}, "enabled": True,
    }.items()
    assert runner.list_cron_schedules(None, None, None) == [stored]
    assert runner.get_cron_execution_history(schedule, None, None) == []


def test_parameters_may_be_a_context_or_an_object(runner, workflow):
    @dataclasses.dataclass
    class Order:
        number: int

    for at, parameters in enumerate((cloaca.Context({"number": 7}), Order(7), {"number": 7})):
        schedule = runner.register_cron_workflow(workflow, "@daily", name=f"n{at}", parameters=parameters)
        assert runner.get_cron_schedule(schedule)["parameters"] == {"number": 7}


# ---- listed and changed


def test_listing(runner, workflow):
    made = [runner.register_cron_workflow(workflow, f"0 {hour} * * *", enabled=hour % 2 == 0) for hour in range(5)]
    assert [schedule["id"] for schedule in runner.list_cron_schedules()] == made
    assert [schedule["id"] for schedule in runner.list_cron_schedules(True)] == made[::2]
    assert [schedule["id"] for schedule in runner.list_cron_schedules(limit=2, offset=1)] == made[1:3]
    assert runner.list_cron_schedules(offset=5) == []


def test_update(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "0 9 * * *", parameters={"x": 1})
    runner.update_cron_schedule(schedule, "0 0 1 1 *", "Asia/Tokyo")
    stored = runner.get_cron_schedule(schedule)
    assert (stored["cron_expression"], stored["timezone"], stored["parameters"]) == ("0 0 1 1 *", "Asia/Tokyo", {"x": 1})
    assert stored["next_run_at"].endswith("-12-31T15:00:00+00:00")
    other = runner.register_cron_workflow(workflow, "0 9 * * *")
    assert other != schedule
    with pytest.raises(ValueError, match="^Failed to update cron schedule: another schedule of workflow"):
        runner.update_cron_schedule(other, "0 0 1 1 *", "Asia/Tokyo")


def test_paused(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "* * * * * *", enabled=False)
    assert runner.get_cron_schedule(schedule).items() >= {"enabled": False, "next_run_at": None}.items()
    time.sleep(1.2)
    assert runner.get_cron_execution_history(schedule) == []
    runner.set_cron_schedule_enabled(schedule, True)
    assert runner.get_cron_schedule(schedule)["enabled"] is True
    wait_until(lambda: fired(runner, schedule))

    runner.set_cron_schedule_enabled(schedule, False)
    before = fired(runner, schedule)
    runner.register_cron_workflow(workflow, "* * * * * *")  # of one that is there it changes nothing
    time.sleep(1.2)
    assert fired(runner, schedule) == before
    assert missed(runner, schedule)[0]["reason"] == "the schedule was paused"


def test_deleted(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "* * * * * *")
    wait_until(lambda: fired(runner, schedule))
    execution = fired(runner, schedule)[0]["workflow_execution_id"]
    runner.delete_cron_schedule(schedule)
    assert runner.list_cron_schedules() == []
    assert ended(runner, execution).status == "Completed"
    with pytest.raises(cloaca.ScheduleNotFound, match="^Failed to get cron schedule: no schedule"):
        runner.get_cron_schedule(schedule)
    assert runner.register_cron_workflow(workflow, "* * * * * *") != schedule


# ---- fired


def test_fires_every_second(runner, workflow):
    before = datetime.datetime.now(UTC)
    schedule = runner.register_cron_workflow(workflow, "* * * * * *", "Europe/Paris", parameters={"region": "north"})
    wait_until(lambda: len(fired(runner, schedule)) >= 3)
    history = runner.get_cron_execution_history(schedule)
    assert all(set(line) == HISTORY_KEYS for line in history)
    assert len({line["id"] for line in history}) == len(history)
    fires = fired(runner, schedule)
    assert len({line["workflow_execution_id"] for line in fires}) == len(fires)
    instants = [datetime.datetime.fromisoformat(line["scheduled_time"]) for line in fires]
    assert instants == sorted(set(instants)) and instants[0] > before - datetime.timedelta(seconds=1)

    for line in fires[:3]:
        assert line["schedule_id"] == schedule
        assert line["pipeline_execution_id"] == line["workflow_execution_id"]
        assert line["claimed_at"] == line["created_at"] == line["updated_at"]
        assert (line["reason"], line["until"], line["instants"]) == (None, None, 1)
        result = ended(runner, line["workflow_execution_id"])
        assert (result.workflow_name, result.status) == (workflow, "Completed")
        assert result.final_context.to_dict() == {
            "region": "north", "scheduled_time": line["scheduled_time"], "schedule_id": schedule,
            "schedule_timezone": "Europe/Paris", "schedule_expression": "* * * * * *", "seen": line["scheduled_time"],
        }
    last = runner.get_cron_schedule(schedule)["last_run_at"]
    assert last in [line["scheduled_time"] for line in runner.get_cron_execution_history(schedule)]


def test_history_in_pages(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "@daily")
    runner.backfill_cron_schedule(schedule, "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z")
    days = [line["scheduled_time"][8:10] for line in runner.get_cron_execution_history(schedule)]
    assert days == ["05", "04", "03", "02", "01"]
    page = runner.get_cron_execution_history(schedule, 2, 1)
    assert [line["scheduled_time"][8:10] for line in page] == ["04", "03"]


def test_stats(runner, name):
    def fails_on_the_second(context):
        if context["scheduled_time"].startswith("2026-01-02"):
            raise cloaca.PermanentError("planned")

    build(name, fails_on_the_second)
    nothing = {key: 0 for key in STATS_KEYS}
    assert runner.get_cron_execution_stats(LONG_AGO) == nothing
    schedule = runner.register_cron_workflow(name, "@daily")
    for execution in runner.backfill_cron_schedule(schedule, "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"):
        ended(runner, execution)
    stats = runner.get_cron_execution_stats(datetime.datetime.now(UTC) - datetime.timedelta(hours=1))
    assert stats == {**nothing, "total_executions": 4, "successful_executions": 3, "success_rate": 75.0}
    assert runner.get_cron_execution_stats("2199-01-01T00:00:00+02:00") == nothing


def test_another_runner_goes_on(make_runner, workflow):
    first = make_runner(enable_cron_scheduling=False)
    schedule = first.register_cron_workflow(workflow, "* * * * * *")
    time.sleep(1.2)
    assert first.get_cron_execution_history(schedule) == []
    first.shutdown()
    second = make_runner()  # which registers nothing
    wait_until(lambda: fired(second, schedule))


def test_what_came_while_nobody_was_there(make_runner, workflow):
    first = make_runner()
    schedules = {
        policy: first.register_cron_workflow(workflow, "* * * * * *", name=policy, catchup_policy=policy)
        for policy in ("run_once", "run_all")
    }
    wait_until(lambda: all(fired(first, schedule) for schedule in schedules.values()))
    first.shutdown()
    time.sleep(2.2)
    second = make_runner()
    for policy, schedule in schedules.items():
        seconds = len(fired(second, schedule))
        wait_until(lambda: len(fired(second, schedule)) > seconds + 1)
        instants = [datetime.datetime.fromisoformat(line["scheduled_time"]) for line in fired(second, schedule)]
        steps = {(after - before).total_seconds() for before, after in zip(instants, instants[1:])}
        assert (steps == {1.0}) == (policy == "run_all")
        assert bool(missed(second, schedule)) == (policy == "run_once")
    line = missed(second, schedules["run_once"])[0]
    assert line["instants"] >= 1 and line["reason"] and line["workflow_execution_id"] is None
    assert line["scheduled_time"] <= line["until"]


def test_at_most_so_many_are_caught_up(make_runner, workflow):
    first = make_runner()
    schedule = first.register_cron_workflow(workflow, "* * * * * *", catchup_policy="run_all")
    wait_until(lambda: fired(first, schedule))
    first.shutdown()
    time.sleep(3.2)
    second = make_runner(cron_max_catchup_executions=1)
    wait_until(lambda: missed(second, schedule))
    line = missed(second, schedule)[0]
    assert "cron_max_catchup_executions = 1" in line["reason"] and line["instants"] >= 1


# ---- by hand


def test_triggered_now(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "@yearly", enabled=False, parameters={"x": 1})
    execution = runner.trigger_cron_schedule(schedule)
    context = ended(runner, execution).final_context
    (line,) = runner.get_cron_execution_history(schedule)
    assert line["workflow_execution_id"] == execution and context["scheduled_time"] == line["scheduled_time"]
    assert (context["x"], context["schedule_id"]) == (1, schedule)
    assert runner.trigger_cron_schedule(schedule) != execution


def test_triggered_while_the_one_before_runs(runner, name, gate):
    def waits(context):
        gate.pass_()

    build(name, waits)
    schedules = {
        policy: runner.register_cron_workflow(name, "@yearly", name=policy, overlap_policy=policy)
        for policy in ("allow", "skip", "queue")
    }
    first = {policy: runner.trigger_cron_schedule(schedule) for policy, schedule in schedules.items()}
    gate.wait_for_arrivals(3)
    assert runner.trigger_cron_schedule(schedules["allow"]) is not None
    gate.wait_for_arrivals()
    with pytest.raises(cloaca.StateError, match=f"^Failed to trigger cron schedule: .*{first['skip']} is unfinished"):
        runner.trigger_cron_schedule(schedules["skip"])
    assert runner.trigger_cron_schedule(schedules["queue"]) is None
    queued = runner.get_cron_execution_history(schedules["queue"])[0]
    assert (queued["outcome"], queued["workflow_execution_id"]) == ("queued", None)
    gate.open()
    wait_until(lambda: len(fired(runner, schedules["queue"])) == 2)


def test_backfill(runner, workflow):
    schedule = runner.register_cron_workflow(workflow, "0 9 * * MON-FRI", "Europe/Paris")
    begin, end = datetime.datetime(2026, 3, 26, tzinfo=UTC), "2026-03-31T07:00:00+00:00"
    executions = runner.backfill_cron_schedule(schedule, begin, end)
    assert [ended(runner, execution).final_context["seen"] for execution in executions] == [
        "2026-03-26T08:00:00+00:00", "2026-03-27T08:00:00+00:00", "2026-03-30T07:00:00+00:00", "2026-03-31T07:00:00+00:00",
    ]
    assert runner.backfill_cron_schedule(schedule, begin, end) == []
    assert [line["workflow_execution_id"] for line in fired(runner, schedule)] == executions
