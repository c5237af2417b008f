"""A smoke test: nothing is slower by an order of magnitude than it was."""

import resource
import subprocess
import sys
import threading
import time

import cloaca


def simple(name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("x", 1)


def test_one_after_the_other(runner, name):
    simple(name)
    runner.execute(name)
    begun = time.perf_counter()
    for _ in range(100):
        runner.execute(name)
    assert (time.perf_counter() - begun) / 100 < 0.05


def test_many_threads(runner, name):
    simple(name)

    def work():
        for _ in range(25):
            runner.execute(name)

    threads = [threading.Thread(target=work) for _ in range(16)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 400 / (time.perf_counter() - begun) > 100


def test_one_key_of_a_large_context_costs_little():
    context = cloaca.Context({f"k{i}": "x" * 1000 for i in range(1000)})
    begun = time.perf_counter()
    for _ in range(1000):
        context.copy().get("k500")
    assert time.perf_counter() - begun < 0.5


def test_import_is_quick():
    def seconds(source):
        """Of the processor: a machine that does something else too says nothing about the module."""

        def once():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", source], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        return min(once() for _ in range(5))

    assert seconds("import cloaca") - seconds("pass") < 0.3


def test_import_does_not_load_asyncio():
    source = "import sys, cloaca; print([m for m in ('asyncio', 'concurrent.futures', 'multiprocessing') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout == "[]\n"
