"""asyncio on both sides: bodies that are awaited, and callers that wait without a thread."""

import asyncio
import threading

import pytest

import cloaca


def test_async_body(runner, name):
    threads = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def fetch(context):
            threads.append(threading.current_thread().name)
            await asyncio.sleep(0.01)
            context.set("fetched", True)

        @cloaca.task(dependencies=[fetch])
        async def merge(context):
            return {"merged": context["fetched"]}

    assert runner.execute(name).final_context.to_dict() == {"fetched": True, "merged": True}
    assert threads == ["cloaca-event-loop"]


def test_many_async_bodies_need_no_worker(make_runner, name):
    waiting = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def body(context):
            ready = asyncio.get_running_loop().create_future()
            waiting.append(ready)
            if len(waiting) == 100:
                for one in waiting:
                    one.set_result(None)
            await ready

    results = make_runner(max_concurrent_tasks=1).execute_many(name, [None] * 100, timeout=9)
    assert {result.status for result in results} == {"Completed"}


def test_async_body_that_raises(runner, name):
    attempts = []
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=3, retry_delay_ms=1)
        async def bad(context, handle):
            attempts.append(handle.attempt)
            await asyncio.sleep(0)
            if handle.attempt < 3:
                raise ConnectionError("lost")
            raise SystemExit("away")

    result = runner.execute(name)
    assert attempts == [1, 2, 3]
    assert "SystemExit: away" in result.error_message


def test_async_body_is_cancelled_by_its_timeout(runner, name):
    cancelled = threading.Event()
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(timeout=0.1, retry_attempts=1)
        async def slow(context):
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                cancelled.set()
                raise

    result = runner.execute(name)
    assert result.status == "Failed" and "timeout" in result.error_message
    assert cancelled.wait(5)


def test_async_body_is_cancelled_with_its_execution(runner, name):
    begun = threading.Event()
    cancelled = threading.Event()
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def slow(context):
            begun.set()
            try:
                await asyncio.sleep(100)
            finally:
                cancelled.set()

    handle = runner.submit(name)
    assert begun.wait(5)
    handle.cancel()
    assert handle.result(5).status == "Cancelled"
    assert cancelled.wait(5)


def test_async_body_may_execute_asynchronously(runner, name):
    with cloaca.WorkflowBuilder(name + "_inner"):

        @cloaca.task()
        async def inner(context):
            return {"n": context["n"] + 1}

    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def outer(context):
            result = await runner.execute_async(name + "_inner", {"n": context["n"]})
            return {"n": result.final_context["n"]}

    assert runner.execute(name, {"n": 1}).final_context["n"] == 2


def test_execute_async(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def square(context):
            return {"square": context["n"] ** 2}

    async def main():
        results = await asyncio.gather(*(runner.execute_async(name, {"n": n}) for n in range(50)))
        return [result.final_context["square"] for result in results]

    assert asyncio.run(main()) == [n * n for n in range(50)]


def test_answers_do_not_wait_for_workers(make_runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def hold(context):
            gate.pass_()

    with cloaca.WorkflowBuilder(name + "_async"):

        @cloaca.task()
        async def quick(context):
            pass

    runner = make_runner(max_concurrent_tasks=1)
    held = runner.submit(name)
    gate.wait_for_arrivals()
    assert asyncio.run(asyncio.wait_for(runner.execute_async(name + "_async"), 5)).status == "Completed"
    gate.open()
    assert held.result(8).status == "Completed"


def test_handles_can_be_awaited(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            context.set("x", 1)

    async def main():
        return await runner.submit(name)

    assert asyncio.run(main()).final_context["x"] == 1


def test_execute_async_raises_what_execute_raises(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

    async def main():
        with pytest.raises(ValueError, match="^Workflow execution failed: "):
            await runner.execute_async("nothing of that kind")
        with pytest.raises(TypeError, match="context: expected"):
            await runner.execute_async(name, 5)
        for more in ({}, {"progress": lambda now: None}):
            with pytest.raises(cloaca.ExecutionTimeout, match="has not ended within 0.05 s; it goes on"):
                await runner.execute_async(name, None, 0.05, **more)

    asyncio.run(main())
    gate.open()


def test_cancelled_wait_leaves_the_execution(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def slow(context):
            gate.pass_()

    async def main():
        waiting = asyncio.ensure_future(runner.execute_async(name))
        while not runner.list(name):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())
    gate.open()
    assert runner.handle(runner.list(name)[0]["execution_id"]).result(8).status == "Completed"


def test_async_with(database, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def body(context):
            return {"x": 1}

    async def main():
        async with database.runner() as runner:
            return await runner.execute_async(name)

    assert asyncio.run(main()).final_context["x"] == 1


def test_submit_async(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def twice(context):
            return {"y": 2 * context["x"]}

    async def main():
        handles = await asyncio.gather(*(runner.submit_async(name, {"x": x}, idempotency_key=f"key {x}") for x in range(20)))
        again = await runner.submit_async(name, {"x": 3}, idempotency_key="key 3")
        assert again.id == handles[3].id
        assert all(runner.status(handle.id) for handle in handles)  # each is stored
        with pytest.raises(ValueError, match="Workflow execution failed: .*no workflow|Workflow execution failed: .*unknown"):
            await runner.submit_async("nobody knows this")
        return [(await handle).final_context["y"] for handle in handles]

    assert asyncio.run(main()) == [2 * x for x in range(20)]


def test_shutdown_with_async_bodies_under_way(database, name):
    begun = threading.Event()
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        async def for_ever(context):
            begun.set()
            await asyncio.sleep(100)

    runner = database.runner()
    handle = runner.submit(name)
    assert begun.wait(5)
    runner.shutdown(0.1)
    with pytest.raises(RuntimeError, match="shut down"):
        handle.result(5)
