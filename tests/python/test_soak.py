"""Many executions: nothing leaks, nothing is mixed up. `./dev test python --scale nightly` takes its time."""

import gc
import os
import pathlib
import random
import threading
import time

import pytest

import cloaca

NIGHTLY = os.environ.get("CLOACA_SCALE", "quick") != "quick"
EXECUTIONS = 100_000 if NIGHTLY else 3_000
SOAK_S = 600 if NIGHTLY else 2
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.mark.timeout(600 if NIGHTLY else 10)
def test_memory_is_flat(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def first(context):
            context.set("text", "x" * 500)

        @cloaca.task(dependencies=[first])
        async def second(context):
            context.set("copy", {"of": [context["text"]]})

        @cloaca.task(dependencies=[second], retry_attempts=1)
        def third(context):
            raise ValueError(context["copy"]["of"][0])

    def run(count: int) -> None:
        for _ in range(count // 200):
            for result in runner.execute_many(name, [{"n": [1, 2, 3]}] * 200):
                assert result.status == "Failed"

    run(EXECUTIONS // 3)
    before = resident()
    run(EXECUTIONS)
    grown = resident() - before
    # Allocators keep a few MiB that depend on the order of things; what leaks grows with the number.
    assert grown < 4 * 2**20 + 100 * EXECUTIONS, f"{grown} bytes more after {EXECUTIONS} executions"


@pytest.mark.timeout(SOAK_S + 60 if NIGHTLY else 10)
def test_threads_and_kinds_of_bodies_for_a_while(make_runner, name):
    runner = make_runner(max_concurrent_tasks=8)
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=5, retry_delay_ms=1)
        def unsteady(context, handle):
            if handle.attempt <= context["failures"]:
                raise OSError("not yet")
            context.set("sum", sum(context["numbers"]))

        @cloaca.task(dependencies=[unsteady])
        async def awaited(context):
            context.set("twice", 2 * context["sum"])

    wrong: list = []
    done = [0] * 8
    until = time.monotonic() + SOAK_S

    def work(mine: int) -> None:
        dice = random.Random(mine)
        while time.monotonic() < until and not wrong:
            numbers = [dice.randrange(1000) for _ in range(dice.randrange(50))]
            result = runner.execute(name, {"numbers": numbers, "failures": dice.randrange(3)})
            done[mine] += 1
            if result.status != "Completed" or result.final_context["twice"] != 2 * sum(numbers):
                wrong.append((numbers, result))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in range(len(done))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert min(done) > 0
