"""progress=: what is told while a caller waits, and where it is shown."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest
from conftest import seconds_after_ctrl_c

import cloaca

PROGRAM = """
import sys
import cloaca
{before}
with cloaca.WorkflowBuilder("shown"):

    @cloaca.task()
    def only(context):
        pass

with cloaca.DefaultRunner("sqlite::memory:") as runner:
    runner.execute("shown", progress=True)
"""


@pytest.fixture
def gated(name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def first(context):
            context.set("first", True)

        @cloaca.task(dependencies=[first])
        def wait(context):
            gate.pass_()

        @cloaca.task(dependencies=[wait])
        def last(context):
            pass

    return name


def test_a_function_is_told_from_beginning_to_end(runner, gated, gate):
    seen = []

    def told(now):
        assert isinstance(now, cloaca.Progress)
        seen.append(now)
        if (now.completed, now.running) == (1, 1):  # a body that runs shows after 100 ms
            gate.open()

    result = runner.execute(gated, progress=told)
    assert result.status == "Completed"
    assert {now.total for now in seen} == {3} and {now.execution_id for now in seen} == {result.execution_id}
    assert seen[-1].completed == seen[-1].done == 3 and seen[-1].running == 0
    assert [now.done for now in seen] == sorted(now.done for now in seen)


def test_what_the_function_raises_ends_the_wait_and_not_the_work(runner, gated, gate):
    def told(now):
        raise ZeroDivisionError("planned")

    with pytest.raises(ZeroDivisionError, match="planned"):
        runner.execute(gated, progress=told)
    gate.open()
    assert runner.handle(runner.list(gated)[0]["execution_id"]).result(8).status == "Completed"


def test_failed_and_skipped_tasks_are_counted(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            raise RuntimeError("planned")

        @cloaca.task(dependencies=[bad])
        def after(context):
            pass

    seen = []
    assert runner.execute(name, progress=seen.append).status == "Failed"
    assert seen[-1][2:] == (2, 0, 1, 1, 0, 0)
    assert str(seen[-1]) == f"{name}: 2/2, 1 failed, 1 skipped"


def test_it_goes_on_after_the_timeout(runner, gated, gate):
    seen = []
    # By then the second task is at the gate, and the first one has been looked at, on any machine.
    with pytest.raises(TimeoutError, match=r"has not ended within 3\.0 s; it goes on"):
        runner.execute(gated, None, 3, progress=seen.append)
    gate.wait_for_arrivals()
    assert seen and seen[-1].completed == 1
    assert len(set(seen)) == len(seen)  # what has not changed since the last look is not told again
    gate.open()
    assert runner.handle(seen[-1].execution_id).result(8).status == "Completed"


def test_waiting_with_progress_is_cheap(runner, gated, gate):
    def spent():
        begun = time.thread_time()
        with pytest.raises(TimeoutError):
            runner.execute(gated, None, 1.0, progress=lambda now: None)
        return time.thread_time() - begun

    assert min(spent() for _ in range(2)) < 0.3  # a loop without a pause would take all of the second


def test_wrong_progress_submits_nothing(runner, gated):
    for call in (runner.execute, runner.execute_many):
        with pytest.raises(TypeError, match="progress: expected True, False, None or a callable, got int"):
            call(gated, [], progress=5)
    assert runner.list() == []


def test_execute_many_counts_executions(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def divide(context):
            if context["n"] == 9:
                gate.pass_()
            return {"quotient": 1 // context["n"]}

    seen = []

    def told(now):
        seen.append(now)
        if now.done == 9:
            gate.open()

    results = runner.execute_many(name, ({"n": n} for n in range(10)), progress=told)
    assert [result.status for result in results] == ["Failed"] + ["Completed"] * 9
    assert results[1].final_context["quotient"] == 1
    assert seen[-1] == (name, None, 10, 9, 1, 0, 0, 0)
    assert seen[-2].running == 1


def test_execute_many_has_a_timeout_too(runner, gated, gate):
    with pytest.raises(TimeoutError, match="has not ended within 0.2 s"):
        runner.execute_many(gated, [None] * 3, 0.2, progress=lambda now: None)
    gate.open()
    assert runner.execute_many(gated, [None] * 3, 9, progress=lambda now: None)[2].status == "Completed"


def test_execute_async_tells_on_the_event_loop(runner, gated, gate):
    threads = set()

    async def main():
        def told(now):
            threads.add(threading.get_ident())
            assert asyncio.get_running_loop() is loop
            if now.completed == 1:
                gate.open()

        loop = asyncio.get_running_loop()
        return await runner.execute_async(gated, progress=told)

    assert asyncio.run(main()).status == "Completed"
    assert threads == {threading.get_ident()}


def test_execute_async_raises_what_the_function_raises(runner, gated, gate):
    async def main():
        with pytest.raises(KeyError, match="planned"):
            await runner.execute_async(gated, progress=lambda now: {}["planned"])
        with pytest.raises(TimeoutError, match="goes on"):
            await runner.execute_async(gated, None, 0.2, progress=lambda now: None)
        with pytest.raises(ValueError, match="^Workflow execution failed: "):
            await runner.execute_async("nothing of that kind", progress=True)

    asyncio.run(main())
    gate.open()


def test_ctrl_c_ends_the_wait_within_100_ms(runner, gated, gate):
    assert seconds_after_ctrl_c(gate, lambda: runner.execute(gated, progress=lambda now: None)) < 0.1
    gate.open()
    for line in runner.list(gated):
        assert runner.handle(line["execution_id"]).result(8).status == "Completed"


def test_a_file_gets_whole_lines(run_program):
    status, output, errors = run_program(PROGRAM.format(before="")).wait()
    assert (status, output) == (0, "")
    assert errors.endswith("shown: 1/1\n") and "\r" not in errors


def in_terminal(before):
    """What a terminal is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([sys.executable, "-c", PROGRAM.format(before=before)], stderr=theirs)
    os.close(theirs)
    sent = b""
    try:
        while part := os.read(ours, 4096):
            sent += part
    except OSError:
        pass  # Linux says so when the other side is closed
    os.close(ours)
    assert process.wait(8) == 0
    return sent.decode()


def test_a_terminal_gets_one_line():
    sent = in_terminal("sys.modules['tqdm'] = None")
    assert sent.endswith("\r\x1b[Kshown: 1/1\r\n") and sent.count("\n") == 1


def test_a_terminal_gets_the_bar_of_tqdm():
    pytest.importorskip("tqdm")
    sent = in_terminal("")
    assert "shown: 100%|" in sent and " 1/1 [" in sent and sent.endswith("\r\n")


def test_no_stderr_at_all(run_program):
    status, output, errors = run_program(PROGRAM.format(before="sys.stderr = None")).wait()
    assert (status, output, errors) == (0, "", "")


def test_a_notebook_gets_text_that_is_replaced(run_program):
    pytest.importorskip("IPython")
    status, output, errors = run_program(
        """
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.kernel = object()  # what tells a notebook's shell from a terminal's
shell.display_pub = CapturingDisplayPublisher()
import sys
sys.modules["ipywidgets"] = None
"""
        + PROGRAM.format(before="")
        + """
first, *_ = shown = shell.display_pub.outputs
assert len({one["transient"]["display_id"] for one in shown}) == 1, shown
assert [one["update"] for one in shown] == [False] + [True] * (len(shown) - 1), shown
print(shown[-1]["data"])
"""
    ).wait()
    assert (status, output) == (0, "{'text/plain': 'shown: 1/1'}\n"), errors
