"""Event triggers while their runners and processes end: what was found is fired, once."""

import asyncio
import threading

import pytest
from conftest import build, wait_until
from conftest import trigger_lines as lines

from cloaca import TriggerResult

pytestmark = pytest.mark.usefixtures("own_triggers")


@pytest.fixture
def workflow(name):
    build(name, lambda context: None)
    return name


def test_a_shutdown_stores_what_a_poll_has_found(database, workflow, gate):
    def slow(trigger):
        gate.pass_()
        trigger.state["done"] = True
        return TriggerResult.fire({"number": 1})

    runner = database.runner()
    runner.add_trigger(slow, workflow)
    gate.wait_for_arrivals()
    over = threading.Thread(target=runner.shutdown, args=(8,))
    over.start()
    gate.open()
    over.join()
    with database.runner() as watcher:
        assert len(lines(watcher, "slow")) == 1 and watcher.get_trigger_schedule("slow")["state"] == {"done": True}


def test_a_shutdown_does_not_wait_for_one_that_hangs(database, workflow):
    begun = threading.Event()

    async def hangs():
        begun.set()
        await asyncio.sleep(1000)

    runner = database.runner()
    runner.add_trigger(hangs, workflow)
    assert begun.wait(8)
    runner.shutdown(0.05)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_exit_while_it_is_polled(database, run_program, kind):
    program = run_program(f"""
import threading
import cloaca

with cloaca.WorkflowBuilder("w"):
    cloaca.task("t")(lambda context: None)

polled = threading.Semaphore(0)

@cloaca.trigger("w", poll_interval="1ms")
{kind} found(trigger):
    trigger.state["polls"] = trigger.state.get("polls", 0) + 1
    polled.release()
    return cloaca.TriggerResult.fire({{"number": trigger.state["polls"]}})

runner = {database.expression()}
for _ in range(10):
    polled.acquire()
""")
    assert program.wait() == (0, "", "")


INBOX = """
import os, sys, threading
import cloaca

with cloaca.WorkflowBuilder("import_file"):

    @cloaca.task()
    def load(file: str):
        return {"loaded": file}

@cloaca.trigger("import_file", poll_interval="1ms")
def new_files(trigger):
    last = trigger.state.get("last", "")
    new = sorted(file for file in os.listdir(sys.argv[1]) if file > last)[:2]
    if not new:
        return cloaca.TriggerResult.skip()
    trigger.state["last"] = new[-1]
    print(new[-1], flush=True)
    return cloaca.TriggerResult.fire_all({"file": file} for file in new)

quick = cloaca.DefaultRunnerConfig(lease_ms=200, scheduler_poll_interval_ms=20)
"""


def loaded(runner, line):
    return runner.handle(line["workflow_execution_id"]).result(8).final_context["loaded"]


@pytest.mark.timeout(40)
def test_killed_in_the_middle_each_file_fires_once(database, run_program, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    files = [f"orders-{number:03}.csv" for number in range(80)]
    for file in files:
        (inbox / file).touch()
    source = INBOX + f"runner = {database.expression('quick')}\nthreading.Event().wait()\n"
    for polls in (1, 5, 9):
        program = run_program(source, str(inbox))
        for _ in range(polls):
            program.read_line()
        program.kill()
    with database.runner() as watcher:  # it knows neither the workflow nor the trigger
        fired = lines(watcher, "new_files")
        assert 0 < len(fired) < len(files), "void: it was to be killed in the middle"
        run_program(source, str(inbox))
        wait_until(lambda: len(lines(watcher, "new_files")) >= len(files))
        assert [loaded(watcher, line) for line in lines(watcher, "new_files")] == files
        assert watcher.get_trigger_schedule("new_files")["state"] == {"last": files[-1]}
        assert len(watcher.list(limit=1000)) == len(files)
