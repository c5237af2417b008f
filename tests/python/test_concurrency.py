"""Bodies side by side, and as many as the configuration says."""

import threading
import time

import cloaca


def test_at_most_so_many_bodies(make_runner, name, gate):
    running, most, lock = [0], [0], threading.Lock()
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            gate.pass_()
            with lock:
                running[0] -= 1

    runner = make_runner(max_concurrent_tasks=3)
    handles = [runner.submit(name) for _ in range(9)]
    gate.wait_for_arrivals(3)
    gate.open()
    assert [handle.result(8).status for handle in handles] == ["Completed"] * 9
    assert most[0] == 3


def test_bodies_that_sleep_do_not_hold_each_other_up(make_runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            time.sleep(0.3)

    runner = make_runner(max_concurrent_tasks=8)
    begun = time.monotonic()
    results = runner.execute_many(name, [None] * 8)
    assert [result.status for result in results] == ["Completed"] * 8
    assert time.monotonic() - begun < 1.5


def test_execute_many_keeps_the_order(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def square(context):
            return {"square": context["n"] ** 2}

    results = runner.execute_many(name, ({"n": n} for n in range(200)), timeout=9)
    assert [result.final_context["square"] for result in results] == [n * n for n in range(200)]
    assert runner.execute_many(name, []) == []


def test_workflow_inside_of_a_task(make_runner, name):
    with cloaca.WorkflowBuilder(name + "_inner"):

        @cloaca.task()
        def inner(context):
            return {"x": context["x"] + 1}

    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def outer(context):
            return {"x": runner.execute(name + "_inner", {"x": context["x"]}).final_context["x"] * 10}

    runner = make_runner(max_concurrent_tasks=1)
    assert runner.execute(name, {"x": 4}).final_context["x"] == 50


def test_bodies_keep_values_of_their_thread(make_runner, name):
    local = threading.local()
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            local.runs = getattr(local, "runs", 0) + 1
            return {"runs": local.runs}

    runner = make_runner(max_concurrent_tasks=1)
    assert [runner.execute(name).final_context["runs"] for _ in range(3)] == [1, 2, 3]


def test_priority(make_runner, name, gate):
    order = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(id="wait")
        def wait(context):
            gate.pass_()

        for priority in (-5, 5, 0):

            @cloaca.task(id=f"p{priority}", priority=priority)
            def body(context, priority=priority):
                order.append(priority)

    runner = make_runner(max_concurrent_tasks=1)
    with cloaca.WorkflowBuilder(name + "_first"):

        @cloaca.task()
        def hold(context):
            gate.pass_()

    first = runner.submit(name + "_first")
    gate.wait_for_arrivals()
    handle = runner.submit(name)
    gate.open()
    assert first.result(8).status == handle.result(8).status == "Completed"
    assert order == [5, 0, -5]
