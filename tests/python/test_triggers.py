"""Event triggers: they are polled, fire, keep their state; and what can be done with them."""

import asyncio
import dataclasses
import datetime
import functools
import threading
import time

import pytest
from conftest import build, wait_until
from conftest import trigger_lines as lines

import cloaca
from cloaca import TriggerResult

pytestmark = pytest.mark.usefixtures("own_triggers")

SOON = "5ms"
SCHEDULE_KEYS = {
    "id", "trigger_name", "workflow_name", "poll_interval_ms", "allow_concurrent", "enabled", "last_poll_at", "last_run_at",
    "error", "state", "created_at", "updated_at",
}
HISTORY_KEYS = {
    "id", "schedule_id", "polled_at", "until", "polls", "outcome", "reason", "context_hash", "workflow_execution_id",
    "started_at", "completed_at", "created_at",
}


def note(context):
    context["noted"] = True


@pytest.fixture
def workflow(name):
    build(name, note)
    return name


def count(trigger, to=3):
    """Fires once for each number, and knows from its state how far it is."""
    last = trigger.state.get("last", 0)
    if last == to:
        return TriggerResult.skip()
    trigger.state["last"] = last + 1
    return TriggerResult.fire({"number": last + 1})


def wait_for(runner, name, outcome="fired", least=1):
    wait_until(lambda: len(lines(runner, name, outcome)) >= least)
    return lines(runner, name, outcome)


def context_of(runner, line):
    return runner.handle(line["workflow_execution_id"]).result(8).final_context


def numbers(runner, name, least):
    return [context_of(runner, line)["number"] for line in wait_for(runner, name, least=least)]


def error_of(runner, name):
    wait_until(lambda: runner.get_trigger_schedule(name)["error"])
    return runner.get_trigger_schedule(name)["error"]


# ---- declared


def test_fires_what_it_finds_and_goes_on_where_it_was(make_runner, workflow):
    up_to = [3]

    @cloaca.trigger(workflow, poll_interval=SOON)
    def found(trigger):
        assert trigger.name == "found" and trigger.is_stop_requested() is False
        return count(trigger, up_to[0])

    runner = make_runner()
    fired = wait_for(runner, "found", least=3)
    for number, line in enumerate(fired, 1):
        context = context_of(runner, line)
        assert context.to_dict().items() >= {"number": number, "trigger_name": "found", "noted": True}.items()
        assert datetime.datetime.fromisoformat(context["triggered_at"]).utcoffset() == datetime.timedelta(0)
    wait_until(lambda: all(line["completed_at"] for line in lines(runner, "found")))
    for line in lines(runner, "found"):
        assert set(line) == HISTORY_KEYS
        assert (line["outcome"], line["reason"], line["until"], line["polls"]) == ("fired", None, None, 1)
        assert line["started_at"] <= line["completed_at"] and len(line["context_hash"]) == 32
    assert len({line["context_hash"] for line in fired}) == len({line["id"] for line in fired}) == 3

    stored = runner.get_trigger_schedule("found")
    assert set(stored) == SCHEDULE_KEYS and runner.list_trigger_schedules() == [stored]
    assert stored.items() >= {
        "trigger_name": "found", "workflow_name": workflow, "poll_interval_ms": 5, "allow_concurrent": False,
        "enabled": True, "error": None, "state": {"last": 3}, "last_run_at": fired[-1]["polled_at"],
    }.items()
    assert stored["last_poll_at"] >= stored["last_run_at"] and fired[0]["schedule_id"] == stored["id"]
    assert datetime.datetime.fromisoformat(stored["created_at"]) <= datetime.datetime.now(datetime.timezone.utc)

    runner.shutdown()
    up_to[0] = 5
    assert numbers(make_runner(), "found", 5) == [1, 2, 3, 4, 5]


def test_the_function_stays_what_it_is(workflow):
    def poll():
        return TriggerResult.skip()

    assert cloaca.trigger(workflow)(poll) is poll
    assert cloaca.trigger(on=workflow, name="other")(poll) is poll
    assert poll().is_skip_result()


def test_names_and_intervals(make_runner, workflow):
    def poll():
        return TriggerResult.skip()

    intervals = {"500ms": 500, "2m": 120_000, "1h": 3_600_000, 5: 5_000, 0.25: 250, None: 5_000,
                 datetime.timedelta(minutes=1.5): 90_000}
    for interval in intervals:
        cloaca.trigger(workflow=workflow, on=workflow, name=f"every {interval}", poll_interval=interval,
                       allow_concurrent=None)(poll)
    cloaca.trigger(workflow, allow_concurrent=True)(poll)
    stored = {trigger["trigger_name"]: trigger for trigger in make_runner().list_trigger_schedules()}
    assert {name: trigger["poll_interval_ms"] for name, trigger in stored.items()} == {
        **{f"every {interval}": milliseconds for interval, milliseconds in intervals.items()}, "poll": 5_000}
    assert [name for name, trigger in stored.items() if trigger["allow_concurrent"]] == ["poll"]


def test_in_the_block_of_a_workflow(make_runner, name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task()(note)

        @cloaca.trigger(poll_interval=SOON)
        def found(trigger):
            return count(trigger)

    assert numbers(make_runner(), "found", 3) == [1, 2, 3]


def test_before_its_workflow(make_runner, name):
    cloaca.trigger(name, name="count", poll_interval=SOON)(count)
    build(name, note)
    wait_for(make_runner(), "count", least=3)


def test_one_that_runs_again_takes_the_place_of_the_first(make_runner, workflow):
    for interval in ("1h", "2h"):  # as a cell of a notebook does

        @cloaca.trigger(workflow, poll_interval=interval)
        def poll():
            return TriggerResult.skip()

    assert make_runner().get_trigger_schedule("poll")["poll_interval_ms"] == 7_200_000


def test_without_trigger_scheduling(make_runner, workflow):
    cloaca.trigger(workflow)(count)
    cloaca.trigger("nobody knows it", name="other")(count)
    runner = make_runner(enable_trigger_scheduling=False)
    assert runner.list_trigger_schedules() == []
    with pytest.raises(cloaca.StateError, match="^Failed to register trigger: .*enable_trigger_scheduling is false"):
        runner.add_trigger(count)


# ---- added


def test_added_to_one_runner(make_runner, workflow):
    first, second = make_runner(), make_runner()
    first.add_trigger(count, workflow, poll_interval=SOON)
    second.add_trigger(functools.partial(count, to=2), on=workflow, name="two", poll_interval=SOON, allow_concurrent=True)
    assert numbers(second, "count", 3) == [1, 2, 3] and numbers(first, "two", 2) == [1, 2]
    assert first.get_trigger_schedule("two")["allow_concurrent"] is True


def test_declared_after_the_runner_was_made(runner, workflow):
    @cloaca.trigger(workflow, name="late", poll_interval=SOON)
    def found(trigger):
        return count(trigger)

    assert runner.get_trigger_schedule("late") is None
    runner.add_trigger(found)
    assert numbers(runner, "late", 3) == [1, 2, 3]


def test_the_wrapper_of_a_trigger_is_another_function(runner, workflow):
    @functools.wraps(cloaca.trigger(workflow)(count))
    def wrapper(*arguments):
        return count(*arguments)

    with pytest.raises(ValueError, match="not decorated"):
        runner.add_trigger(wrapper)


class Watcher:
    def __call__(self, trigger):
        return count(trigger)

    def method(self, trigger):
        return count(trigger)

    async def coroutine(self, trigger):
        return count(trigger)


def keyword_only(*, trigger):
    return count(trigger)


def behind_a_default(to=3, trigger=None):
    return count(trigger, to)


def typed(t: "cloaca.TriggerContext", /, to: int = 3) -> TriggerResult:
    return count(t, to)


@functools.wraps(count)
def wrapper(*arguments, **keywords):
    return count(*arguments, **keywords)


async def awaited(trigger):
    await asyncio.sleep(0)
    return count(trigger)


async def awaited_by_keyword(*, trigger):
    return count(trigger)


FORMS = {
    "a function": count, "by keyword": keyword_only, "behind a default": behind_a_default, "typed": typed,
    "a wrapper": wrapper, "a lambda": lambda t: count(t), "an object": Watcher(), "a method": Watcher().method,
    "partial": functools.partial(count, to=3), "async": awaited, "async by keyword": awaited_by_keyword,
    "an async method": Watcher().coroutine, "an async partial": functools.partial(awaited),
}


@pytest.mark.parametrize("form", FORMS)
def test_with_the_context(runner, workflow, form):
    runner.add_trigger(FORMS[form], workflow, name="form", poll_interval=SOON)
    assert numbers(runner, "form", 3) == [1, 2, 3]


async def awaited_without():
    return TriggerResult.fire({"number": 1})


@pytest.mark.parametrize("form", [lambda: TriggerResult.fire({"number": 1}), awaited_without,
                                  lambda number=1: TriggerResult.fire({"number": number}),
                                  lambda *arguments: TriggerResult.fire({"number": 1 + len(arguments)})])
def test_without_the_context(runner, workflow, form):
    runner.add_trigger(form, workflow, name="form", poll_interval=SOON)
    assert set(numbers(runner, "form", 2)) == {1}


# ---- what it returns


def test_results():
    skip, empty, nothing = TriggerResult.skip(), TriggerResult.fire(), TriggerResult.fire_all([])
    fire, both = TriggerResult.fire(cloaca.Context({"x": 1})), TriggerResult.fire_all(iter([{"x": 1}, None]))
    assert [result.is_fire_result() for result in (skip, empty, nothing, fire, both)] == [False, True, False, True, True]
    assert [result.is_skip_result() for result in (skip, empty, nothing, fire, both)] == [True, False, True, False, False]
    assert [repr(result) for result in (skip, empty, TriggerResult.fire({}), fire, nothing, both)] == [
        "TriggerResult.Skip", "TriggerResult.Fire(None)", "TriggerResult.Fire(<context>)", "TriggerResult.Fire(<context>)",
        "TriggerResult.FireAll(<0 contexts>)", "TriggerResult.FireAll(<2 contexts>)"]


def test_results_are_stored_as_they_were_made(runner, workflow):
    @dataclasses.dataclass
    class Order:
        number: int

    def once(trigger):
        if "done" in trigger.state:
            return TriggerResult.skip()
        trigger.state["done"] = True
        two, three = cloaca.Context({"number": 2}), {"number": 3}
        result = TriggerResult.fire_all([Order(1), two, three, None])
        two["number"], three["number"] = 20, 30
        return result

    runner.add_trigger(once, workflow, poll_interval=SOON)
    fired = [context_of(runner, line).get("number") for line in wait_for(runner, "once", least=4)]
    assert fired == [1, 2, 3, None]


def test_a_state_without_a_fire_is_kept(runner, workflow):
    def counts(trigger):
        trigger.state.set("polls", trigger.state.get("polls", 0) + 1)
        return TriggerResult.skip()

    runner.add_trigger(counts, workflow, poll_interval=SOON)
    wait_until(lambda: runner.get_trigger_schedule("counts")["state"].get("polls", 0) >= 3)
    assert runner.get_trigger_execution_history("counts") == []


def test_the_context_may_be_kept(runner, workflow):
    kept = []

    def keeps(trigger):
        kept.append(trigger)
        trigger.state["polls"] = len(kept)
        return TriggerResult.skip()

    runner.add_trigger(keeps, workflow, poll_interval=SOON)
    wait_until(lambda: len(kept) > 2)
    kept[0].state["polls"] = -1  # of a poll that is over
    assert (kept[0].name, kept[1].state["polls"]) == ("keeps", 2)
    with pytest.raises(AttributeError):
        kept[0].state = {}


# ---- suppressed


def waiting_workflow(name, gate):
    def waits(context):
        gate.pass_()

    build(name, waits)


def test_the_same_input_waits_for_the_execution_before_it(runner, name, gate):
    waiting_workflow(name, gate)
    runner.add_trigger(lambda: TriggerResult.fire({"number": 1}), name, name="same", poll_interval=SOON)
    gate.wait_for_arrivals()
    wait_until(lambda: any(line["polls"] > 3 for line in lines(runner, "same", "skipped")))
    (skipped,) = lines(runner, "same", "skipped")
    assert set(skipped) == HISTORY_KEYS and skipped["until"] > skipped["polled_at"]
    assert "same input" in skipped["reason"]
    assert skipped["workflow_execution_id"] is skipped["context_hash"] is skipped["started_at"] is None
    assert len(lines(runner, "same")) == 1
    gate.open()
    wait_for(runner, "same", least=2)


def test_one_that_may_fire_concurrently(make_runner, name, gate):
    waiting_workflow(name, gate)
    runner = make_runner(max_concurrent_tasks=3)
    runner.add_trigger(lambda: TriggerResult.fire({"number": 1}), name, name="same", poll_interval="50ms",
                       allow_concurrent=True)
    gate.wait_for_arrivals(3)
    assert len({line["context_hash"] for line in wait_for(runner, "same", least=3)}) == 1


# ---- failed


class Broken(Exception):
    pass


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("error", [Broken, SystemExit])
def test_one_that_raises_is_polled_on(make_runner, workflow, is_async, error):
    runner = make_runner(lease_ms=300)  # with whose renewals a line grows
    def fails(trigger):
        trigger.state["polls"] = 1
        if broken:
            raise error("the directory is away")
        return count(trigger)

    async def fails_later(trigger):
        await asyncio.sleep(0)
        return fails(trigger)

    broken = [True]
    runner.add_trigger(fails_later if is_async else fails, workflow, name="fails", poll_interval=SOON)
    first_line, _, traceback = error_of(runner, "fails").partition("\n")
    assert first_line == f"Python trigger failed: {error.__name__}: the directory is away"
    assert traceback.startswith("Traceback (most recent call last):") and "in fails" in traceback
    wait_until(lambda: lines(runner, "fails", "failed")[0]["polls"] > 2)
    (line,) = lines(runner, "fails", "failed")  # one for all
    assert "the directory is away" in line["reason"] and line["workflow_execution_id"] is None
    assert runner.get_trigger_schedule("fails")["state"] == {}
    broken.clear()
    wait_for(runner, "fails", least=3)
    wait_until(lambda: runner.get_trigger_schedule("fails")["error"] is None)


async def returns_nothing():
    pass


@pytest.mark.parametrize("function, kind", [
    (lambda: None, "NoneType"), (lambda: True, "bool"), (lambda: {"number": 1}, "dict"), (lambda: TriggerResult, "type"),
    (lambda: cloaca.Context(), "Context"), (returns_nothing, "NoneType")])
def test_other_values_are_type_errors(runner, workflow, function, kind):
    runner.add_trigger(function, workflow, name="wrong", poll_interval=SOON)
    expected = "Python trigger failed: TypeError: trigger 'wrong' must return TriggerResult, not "
    assert error_of(runner, "wrong").splitlines()[0] in (expected + kind, f"{expected}cloaca._cloaca.{kind}")
    assert lines(runner, "wrong") == []


def test_inputs_that_are_refused(runner, workflow):
    runner.add_trigger(lambda: TriggerResult.fire({"trigger_name": "x"}), workflow, name="ours", poll_interval=SOON)
    assert "rename yours" in error_of(runner, "ours")
    runner.add_trigger(lambda: TriggerResult.fire({"x": object()}), workflow, name="no JSON", poll_interval=SOON)
    assert "Python trigger failed: TypeError: key 'x'" in error_of(runner, "no JSON")


def test_polls_that_take_too_long(make_runner, workflow):
    runner = make_runner(trigger_poll_timeout_ms=50)
    stopped, cancelled = threading.Event(), threading.Event()

    def hangs(trigger):
        while not trigger.is_stop_requested():
            time.sleep(0.005)
        stopped.set()
        return TriggerResult.fire({"too": "late"})

    async def sleeps():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    for function in (hangs, sleeps):
        runner.add_trigger(function, workflow, poll_interval=SOON)
    runner.add_trigger(count, workflow, poll_interval=SOON)
    for name in ("hangs", "sleeps"):
        assert error_of(runner, name) == "timeout: the poll took longer than 50ms"
        assert lines(runner, name) == []
    assert stopped.wait(8) and cancelled.wait(8)
    assert numbers(runner, "count", 3) == [1, 2, 3]  # it is delayed by neither


# ---- steered


def test_paused(make_runner, workflow):
    runner, other = make_runner(), make_runner()
    polls = []

    def always():
        polls.append(len(polls))
        return TriggerResult.fire({"number": len(polls)})

    runner.add_trigger(always, workflow, poll_interval=SOON, allow_concurrent=True)
    wait_for(other, "always", least=3)
    other.set_trigger_enabled("always", False)
    fired = len(lines(other, "always"))
    assert runner.get_trigger_schedule("always")["enabled"] is False
    assert runner.list_trigger_schedules(True) == [] and len(runner.list_trigger_schedules()) == 1
    runner.execute(workflow)  # a turn of the engine later
    runner.add_trigger(always, workflow, poll_interval=SOON, allow_concurrent=True)  # as after a restart
    assert runner.get_trigger_schedule("always")["enabled"] is False and len(lines(other, "always")) == fired
    other.set_trigger_enabled("always", True)
    wait_for(runner, "always", least=fired + 3)


def test_deleted_it_begins_anew(runner, workflow):
    runner.add_trigger(count, workflow, poll_interval=SOON)
    fired = wait_for(runner, "count", least=3)
    runner.delete_trigger_schedule("count")
    assert runner.get_trigger_schedule("count") is None and runner.list_trigger_schedules() == []
    assert context_of(runner, fired[0])["number"] == 1  # its executions stay
    runner.add_trigger(count, workflow, poll_interval=SOON)
    assert numbers(runner, "count", 3) == [1, 2, 3]


def test_pages(runner, workflow):
    for name in "abcde":
        runner.add_trigger(count, workflow, name=name, poll_interval=SOON)
    assert [trigger["trigger_name"] for trigger in runner.list_trigger_schedules(None, None, None)] == list("abcde")
    assert [trigger["trigger_name"] for trigger in runner.list_trigger_schedules(limit=2, offset=1)] == ["b", "c"]
    runner.set_trigger_enabled("b", False)
    assert [trigger["trigger_name"] for trigger in runner.list_trigger_schedules(True, 2)] == ["a", "c"]
    wait_for(runner, "a", least=3)
    whole = runner.get_trigger_execution_history("a", None, None)
    assert [line["polled_at"] for line in whole] == sorted((line["polled_at"] for line in whole), reverse=True)
    assert [line["id"] for line in runner.get_trigger_execution_history("a", 2, 1)] == [line["id"] for line in whole[1:3]]


# ---- by the clock


def test_cron(make_runner, workflow):
    @cloaca.trigger(workflow, cron="* * * * * *", timezone="Europe/Paris", poll_interval=SOON)
    def each_second():
        raise AssertionError("nobody calls it")

    runner = make_runner()
    (schedule,) = runner.list_cron_schedules()
    assert runner.list_trigger_schedules() == []
    assert schedule.items() >= {"workflow_name": workflow, "name": "each_second", "cron_expression": "* * * * * *",
                                "timezone": "Europe/Paris", "enabled": True}.items()
    wait_until(lambda: runner.get_cron_execution_history(schedule["id"]))
    runner.set_cron_schedule_enabled(schedule["id"], False)

    cloaca.trigger(workflow, name="each_second", cron="@daily")(each_second)
    (again,) = make_runner().list_cron_schedules()
    assert (again["id"], again["enabled"]) == (schedule["id"], False)
    assert (again["cron_expression"], again["timezone"]) == ("@daily", "UTC")


def test_cron_of_one_runner(make_runner, workflow):
    first, second = make_runner(), make_runner(enable_cron_scheduling=False)
    first.add_trigger(count, workflow, name="nightly", cron="@daily")
    (schedule,) = second.list_cron_schedules()
    assert (schedule["name"], schedule["timezone"]) == ("nightly", "UTC")
