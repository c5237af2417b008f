"""Ends that come at a bad time: Ctrl-C, a fork, an event loop that is left, an interpreter that is gone."""

import asyncio
import signal

import pytest

import cloaca

AT_EXIT = """
import os, sys, threading, time
import cloaca
with cloaca.WorkflowBuilder("spin"):
    @cloaca.task(retry_attempts=1)
    def spin(context):
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            sum(range(1000))
runners = [cloaca.DefaultRunner("sqlite::memory:") for _ in range(4)]
handles = [runner.submit("spin") for runner in runners]
while any(runner.tasks(handles[i].id)[0].status not in ("Running", "Completed") for i, runner in enumerate(runners)):
    pass
print("ending", flush=True)
"""


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_the_interpreter_ends(run_program, only_sqlite, times):
    program = run_program(AT_EXIT)
    assert program.read_line() == "ending"
    for _ in range(times):
        program.process.send_signal(signal.SIGINT)
    status, _, errors = program.wait()
    assert status in (0, 1, 130, -signal.SIGINT), errors
    assert "Fatal" not in errors and "Segmentation" not in errors


SHUTDOWN = """
import os, signal, threading, time
import cloaca
with cloaca.WorkflowBuilder("long"):
    @cloaca.task()
    def long(context, handle):
        while not handle.is_stop_requested():
            time.sleep(0.01)
runner = cloaca.DefaultRunner("sqlite::memory:")
handle = runner.submit("long")
while runner.tasks(handle.id)[0].status != "Running":
    pass
def interrupt():
    while "running" in repr(runner):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    runner.shutdown(100)
except KeyboardInterrupt:
    print("interrupted", runner)
"""


def test_ctrl_c_ends_the_patience_of_a_shutdown(run_program, only_sqlite):
    assert run_program(SHUTDOWN).wait() == (0, "interrupted DefaultRunner(shut down)\n", "")


FORKED = """
import os, sys
import cloaca
with cloaca.WorkflowBuilder("w"):
    @cloaca.task()
    def one(context):
        context.set("a", 1)
runner = cloaca.DefaultRunner("sqlite::memory:")
runner.execute("w")
sys.stdout.flush()
child = os.fork()
if child == 0:
    with cloaca.DefaultRunner("sqlite::memory:") as own:
        assert own.execute("w").final_context["a"] == 1
    if sys.argv[1] == "shutdown":
        runner.shutdown()
    else:
        del runner
    sys.exit(0)
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.parametrize("how", ["shutdown", "del"])
def test_child_with_a_runner_of_its_own_gives_up_its_parents(run_program, only_sqlite, how):
    assert run_program(FORKED, how).wait() == (0, "0\n", "")


LATE = """
import atexit
def late():
    try:
        cloaca.DefaultRunner("sqlite::memory:")
    except cloaca.StateError as refused:
        print(refused)
atexit.register(late)  # what is registered first is called last
import cloaca
"""


def test_no_runner_is_made_while_the_interpreter_ends(run_program, only_sqlite):
    status, output, errors = run_program(LATE).wait()
    assert (status, errors) == (0, "")
    assert "the interpreter is ending" in output


@pytest.mark.parametrize("leave", ["SystemExit", "KeyboardInterrupt", "stop"])
def test_a_body_that_leaves_the_event_loop_does_not_end_it_for_others(runner, name, gate, leave):
    with cloaca.WorkflowBuilder(f"{name} guilty"):

        @cloaca.task(id="guilty", retry_attempts=1)
        async def guilty(context):
            async def part():
                raise {"SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt}[leave]("away")

            if leave == "stop":
                asyncio.get_running_loop().stop()
            else:
                await asyncio.gather(part())

    with cloaca.WorkflowBuilder(f"{name} innocent"):

        @cloaca.task()
        async def innocent(context):
            await asyncio.to_thread(gate.pass_)
            context.set("x", 1)

    waiting = runner.submit(f"{name} innocent")
    gate.wait_for_arrivals()
    assert runner.execute(f"{name} guilty", timeout=8).status == ("Completed" if leave == "stop" else "Failed")
    gate.open()
    assert waiting.result(8).final_context["x"] == 1
    assert runner.execute(f"{name} innocent", timeout=8).status == "Completed"


def test_blocking_the_event_loop_is_refused(runner, name):
    with cloaca.WorkflowBuilder(f"{name} inner"):

        @cloaca.task()
        async def inner(context):
            context.set("x", 1)

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        async def outer(context):
            refused = []
            later = await runner.submit_async(f"{name} inner", start_after=60)
            for call in (
                lambda: runner.execute(f"{name} inner"),
                lambda: runner.execute_many(f"{name} inner", [{}]),
                lambda: runner.execute(f"{name} inner", progress=lambda _: None),
                later.result,
            ):
                try:
                    call()
                except cloaca.StateError as error:
                    refused.append("event loop" in str(error))
            context["refused"] = refused
            handle = await runner.submit_async(f"{name} inner")
            context["x"] = (await handle).final_context["x"]
            context["again"] = handle.result(0).final_context["x"]  # it is final: nothing to wait for

    result = runner.execute(name, timeout=8)
    assert result.status == "Completed", result.error_message
    assert result.final_context["refused"] == [True] * 4
    assert result.final_context["x"] == result.final_context["again"] == 1
    assert len(runner.list(f"{name} inner")) == 2  # those that were refused have submitted nothing


KEPT = """
import asyncio, gc, threading
import cloaca
from concurrent.futures import Future
with cloaca.WorkflowBuilder("w"):
    @cloaca.task()
    async def one(context):
        context.set("a", 1)
def alive():
    return sum(isinstance(thing, Future) for thing in gc.get_objects())
counts = []
async def work(runner):
    for _ in range(4):
        for _ in range(50):
            await runner.execute_async("w")
        gc.collect()
        counts.append(alive())
with cloaca.DefaultRunner("sqlite::memory:") as runner:
    ended = threading.Event()
    thread = threading.Thread(target=lambda: (asyncio.run(work(runner)), ended.set()))
    thread.start()
    ended.wait()  # the main thread runs no bytecode meanwhile
    thread.join()
print(max(counts))
"""


def test_nothing_is_kept_while_the_main_thread_is_away(run_program, only_sqlite):
    status, output, errors = run_program(KEPT).wait()
    assert (status, errors) == (0, "")
    assert int(output) < 20


def test_a_model_that_changes_its_dict_while_it_is_read():
    values = {}

    class Treacherous:
        def model_dump(self, mode):
            values.clear()
            return 1

    values.update({"key" * 20: Treacherous(), "other": 2})
    assert cloaca.Context(values).to_dict() in ({"key" * 20: 1}, {"key" * 20: 1, "other": 2})
