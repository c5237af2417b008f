"""The end of the interpreter, kill -9, and forks."""

import multiprocessing
import os

import pytest

import cloaca

WORKFLOW = """
import sys, time, threading
import cloaca

with cloaca.WorkflowBuilder("life"):

    @cloaca.task()
    def first(context):
        context.set("first", True)

    @cloaca.task(dependencies=[first])
    def second(context):
        if "hang" in sys.argv:
            print("hanging", flush=True)
            time.sleep(1000)
        context.set("second", True)

quick = cloaca.DefaultRunnerConfig(lease_ms=500, scheduler_poll_interval_ms=20)
"""


def test_killed_process_loses_nothing(database, run_program):
    victim = run_program(
        WORKFLOW
        + f"runner = {database.expression('quick')}\n"
        + "handle = runner.submit('life')\n"
        + "print(handle.id, flush=True)\n"
        + "handle.result()\n",
        "hang",
    )
    (execution,) = {victim.read_line(), victim.read_line()} - {"hanging"}
    victim.kill()
    heir = run_program(
        WORKFLOW
        + f"runner = {database.expression('quick')}\n"
        + f"result = runner.handle({execution!r}).result(8)\n"
        + "print(result.status, result.final_context.to_json())\n"
    )
    status, output, errors = heir.wait()
    assert (status, output) == (0, 'Completed {"first":true,"second":true}\n'), errors


def test_exit_with_a_live_runner(database, run_program):
    program = run_program(
        WORKFLOW
        + f"runner = {database.expression()}\n"
        + "print(runner.execute('life').status)\n"
    )
    assert program.wait() == (0, "Completed\n", "")


def test_exit_with_bodies_and_waiters_under_way(database, run_program):
    program = run_program(
        WORKFLOW
        + f"runner = {database.expression()}\n"
        + "import cloaca._runner as module\n"
        + "end = cloaca.DefaultRunner.shutdown\n"
        + "cloaca.DefaultRunner.shutdown = lambda self, timeout=0.1: end(self, timeout)\n"
        + "waiter = threading.Thread(target=lambda: runner.execute('life'), daemon=True)\n"
        + "waiter.start()\n"
        + "handle = runner.submit('life')\n"
        + "while handle.status() != 'Running': pass\n"
        + "print('leaving', flush=True)\n",
        "hang",
    )
    status, output, errors = program.wait()
    assert status == 0, errors
    assert "leaving" in output
    assert "Fatal" not in errors and "terminate" not in errors


def test_exit_with_async_bodies_under_way(database, run_program):
    program = run_program(
        f"""
import asyncio, threading
import cloaca

begun = threading.Event()
with cloaca.WorkflowBuilder("life"):

    @cloaca.task()
    async def for_ever(context):
        begun.set()
        await asyncio.sleep(1000)

end = cloaca.DefaultRunner.shutdown
cloaca.DefaultRunner.shutdown = lambda self, timeout=0.1: end(self, timeout)
runner = {database.expression()}
future = runner.submit("life").future()
begun.wait()
"""
    )
    status, _, errors = program.wait()
    assert status == 0, errors
    assert "Fatal" not in errors and "Traceback" not in errors


def test_exit_by_an_exception(database, run_program):
    program = run_program(WORKFLOW + f"runner = {database.expression()}\n" + "raise RuntimeError('planned')\n")
    status, _, errors = program.wait()
    assert status == 1 and "RuntimeError: planned" in errors


def test_runner_does_not_survive_a_fork(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

    runner.execute(name)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            runner.execute(name)
        except RuntimeError as error:
            os.write(writing, str(error).encode())
        runner.shutdown()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert answer.read().startswith("runner does not survive fork")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert runner.execute(name).status == "Completed"


def test_forked_child_leaves_in_order(database, run_program):
    program = run_program(
        WORKFLOW
        + f"""
import os
runner = {database.expression()}
runner.execute('life')
child = os.fork()
if child == 0:
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(runner.execute('life').status)
"""
    )
    status, output, errors = program.wait()
    assert (status, output) == (0, "0\nCompleted\n"), errors


def _in_child(url, schema, name, answers):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("pid", os.getpid())

    make = cloaca.DefaultRunner if schema is None else cloaca.DefaultRunner.with_schema
    with make(*([url] if schema is None else [url, schema])) as runner:
        answers.put(runner.execute(name).final_context["pid"])


def test_processes_that_are_spawned(database, name):
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_in_child, args=(database.url, database.schema, name, answers))
    process.start()
    assert answers.get(timeout=9) == process.pid
    process.join(5)
    assert process.exitcode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_runner_may_be_made_after_a_fork(database, name):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with cloaca.WorkflowBuilder(name):

                @cloaca.task()
                def body(context):
                    pass

            with database.runner() as made:
                os.write(writing, made.execute(name).status.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert answer.read() == "Completed"
    os.waitpid(child, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("held", ["the registry", "an import"])
def test_a_fork_while_another_thread_registers(run_program, held):
    program = run_program(
        """
import importlib.abc, os, signal, sys, threading, time
import cloaca
from cloaca import _registry

def register(name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

begun = threading.Event()

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "cloaca._signatures":
            begun.set()
            time.sleep(0.5)

def hold_the_registry():
    with _registry._lock:
        begun.set()
        time.sleep(0.5)

if "import" in sys.argv[1]:
    sys.meta_path.insert(0, Slow())
    thread = threading.Thread(target=register, args=("parents",))
else:
    thread = threading.Thread(target=hold_the_registry)
thread.start()
begun.wait()
child = os.fork()
if child == 0:
    signal.alarm(4)
    register("childs")
    with cloaca.DefaultRunner("sqlite::memory:") as runner:
        assert runner.execute("childs").status == "Completed"
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join()
""",
        held,
    )
    status, output, errors = program.wait()
    assert (status, output) == (0, "0\n"), errors
