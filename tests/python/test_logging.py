"""What the engine logs arrives in `logging`."""

import logging
import os
import queue
import threading
import time

import pytest

import cloaca

LOGGER = logging.getLogger("cloacina")


class Records(logging.Handler):
    """Handed over from the thread that brings them."""

    def __init__(self):
        super().__init__()
        self.arrived = queue.SimpleQueue()

    def emit(self, record):
        self.arrived.put(record)

    def next(self):
        return self.arrived.get(timeout=8)


@pytest.fixture
def records():
    handler = Records()
    LOGGER.addHandler(handler)
    yield handler
    LOGGER.removeHandler(handler)


@pytest.fixture
def warns(runner, name):
    """Makes the engine warn: what a callback raises is logged."""

    def on_success(task_id, context):
        raise RuntimeError(context["text"])

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(on_success=on_success)
        def body(context):
            pass

    return lambda text: runner.execute(name, {"text": text})


def test_a_warning(warns, records):
    begun = time.time()
    warns("100 % planned")
    record = records.next()
    assert (record.name, record.levelno, record.levelname) == ("cloacina", logging.WARNING, "WARNING")
    assert "threw" in record.getMessage() and "100 % planned" in record.getMessage()
    assert begun - 1 <= record.created <= begun + 8
    assert record.threadName == "cloacina" and record.thread != threading.get_ident()
    assert logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s").format(record)


def test_a_slow_handler_holds_nobody_up(warns, gate):
    class Slow(logging.Handler):
        def emit(self, record):
            gate.pass_()

    slow = Slow()
    LOGGER.addHandler(slow)
    try:
        for text in ("one", "two", "three"):
            assert warns(text).status == "Completed"
        gate.wait_for_arrivals()
        gate.open()
    finally:
        LOGGER.removeHandler(slow)


def test_what_waits_too_long_is_dropped_and_counted(runner, warns, name, gate):
    seen, events = [], {"were dropped": threading.Event(), "the last": threading.Event()}

    class Slow(logging.Handler):
        def emit(self, record):
            gate.pass_()
            seen.append(record.getMessage())
            for text, event in events.items():
                if text in seen[-1]:
                    event.set()

    slow = Slow()
    LOGGER.addHandler(slow)
    try:
        warns("first")
        gate.wait_for_arrivals()  # the handler is busy now
        runner.execute_many(name, [{"text": "many"}] * 1100)
        gate.open()
        assert events["were dropped"].wait(8)  # said before the next record
        warns("the last")
        assert events["the last"].wait(8)
    finally:
        LOGGER.removeHandler(slow)
    # A result may be known before what its execution logs is on its way.
    counts = [int(text.split()[1]) for text in seen if text.endswith("records were dropped: handlers are too slow")]
    assert 0 < sum(counts) <= 100
    assert sum("many" in text for text in seen) + sum(counts) == 1100


def test_a_handler_may_use_the_runner(runner, warns, name):
    answers = queue.SimpleQueue()
    with cloaca.WorkflowBuilder(name + "_inner"):

        @cloaca.task()
        def inner(context):
            return {"x": 1}

    class Uses(logging.Handler):
        def emit(self, record):
            answers.put(runner.execute(name + "_inner").final_context["x"])

    uses = Uses()
    LOGGER.addHandler(uses)
    try:
        warns("planned")
        assert answers.get(timeout=8) == 1
    finally:
        LOGGER.removeHandler(uses)


def test_a_filter_that_raises_changes_nothing(warns, records, monkeypatch):
    caught = queue.SimpleQueue()
    monkeypatch.setattr("sys.unraisablehook", lambda raised: caught.put(str(raised.exc_value)))

    def raises(record):
        if "one" in record.getMessage():
            raise SystemExit("planned")
        return True

    LOGGER.addFilter(raises)
    try:
        warns("one")
        warns("two")
        assert "two" in records.next().getMessage()
        assert caught.get(timeout=8) == "planned"
    finally:
        LOGGER.removeFilter(raises)


PROGRAM = """
import logging, os, sys
import cloaca

def raises(task_id, context):
    raise RuntimeError("planned")

with cloaca.WorkflowBuilder("warns"):

    @cloaca.task(on_success=raises)
    def body(context):
        pass

runner = {runner}
runner.execute("warns")
"""


def test_without_a_handler_warnings_are_seen(database, run_program):
    status, output, errors = run_program(PROGRAM.format(runner=database.expression())).wait()
    assert (status, output) == (0, "")
    assert errors.count("\n") == 1 and "RuntimeError: planned" in errors


def test_levels_are_those_of_the_logger(database, run_program):
    # The end of the process waits for records: one that is not there then does not come.
    quiet = "import logging\nlogging.getLogger('cloacina').setLevel(logging.ERROR)\n"
    assert run_program(quiet + PROGRAM.format(runner=database.expression())).wait() == (0, "", "")


def test_what_hangs_does_not_keep_the_process(database, run_program):
    # A filter: for the lock of a handler that hangs `logging` waits itself.
    hangs = """
import threading
def hangs(record):
    print("hangs", flush=True)
    threading.Event().wait()
logging.getLogger("cloacina").addFilter(hangs)
"""
    program = run_program("import logging\n" + hangs + PROGRAM.format(runner=database.expression()))
    status, output, errors = program.wait()
    assert (status, output) == (0, "hangs\n"), errors
    assert "Fatal" not in errors


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_child_of_a_fork_logs_too(run_program):
    source = PROGRAM.format(runner="cloaca.DefaultRunner('sqlite::memory:')") + """
runner.shutdown()
child = os.fork()
if child == 0:
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s in the child")
    with cloaca.DefaultRunner("sqlite::memory:") as mine:
        mine.execute("warns")
    sys.exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    status, output, errors = run_program(source).wait()
    assert (status, output) == (0, "WARNING in the child\n"), errors
