"""One runner, many threads; and signals."""

import signal
import threading

from conftest import seconds_after_ctrl_c

import cloaca


def test_many_threads_submit(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def double(context):
            return {"twice": context["n"] * 2}

    wrong = []

    def work(thread):
        for i in range(25):
            n = thread * 1000 + i
            result = runner.execute(name, {"n": n})
            if result.final_context["twice"] != 2 * n:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(runner.list(limit=1000)) == 400


def test_shutdown_while_others_execute(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

    runner = database.runner()
    ended, ran = [], threading.Semaphore(0)

    def work():
        try:
            while True:
                runner.execute(name)
                ran.release()
        except RuntimeError as error:
            ended.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        assert ran.acquire(timeout=5)
    runner.shutdown()
    for thread in threads:
        thread.join(5)
    assert len(ended) == 4


def test_runner_that_is_dropped_shuts_down(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            pass

    for _ in range(3):
        assert database.runner().execute(name).status == "Completed"


def test_ctrl_c_ends_the_wait_and_not_the_work(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

    assert seconds_after_ctrl_c(gate, lambda: runner.execute(name)) < 0.1
    gate.open()
    assert len(runner.list(name)) == 3
    for line in runner.list(name):
        assert runner.handle(line["execution_id"]).result(8).status == "Completed"


def test_signal_handlers_run_while_the_main_thread_waits(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

    before = signal.signal(signal.SIGUSR1, lambda number, frame: gate.open())
    try:
        thread = threading.Thread(
            target=lambda: (
                gate.wait_for_arrivals(),
                signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1),
            )
        )
        thread.start()
        assert runner.execute(name).status == "Completed"
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
