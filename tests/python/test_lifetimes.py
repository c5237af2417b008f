"""What Python gave the engine is released when nobody needs it any more."""

import gc
import resource
import time
import weakref

import cloaca


def becomes_none(reference):
    """Objects that threads of the engine drop are released by the main thread, a moment later."""
    end = time.monotonic() + 5
    while reference() is not None and time.monotonic() < end:
        gc.collect()
        time.sleep(0.001)
    return reference() is None


def test_contexts_and_results(runner, name):
    seen = []

    class Held:
        pass

    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            held = Held()
            seen.append(weakref.ref(held))
            context.set("x", 1)

        @cloaca.task(dependencies=[body])
        async def later(context):
            held = Held()
            seen.append(weakref.ref(held))

        @cloaca.task(dependencies=[body], retry_attempts=1)
        def bad(context):
            held = Held()
            seen.append(weakref.ref(held))
            raise RuntimeError("its traceback holds the frame")

    runner.execute(name)
    assert len(seen) == 3
    assert all(becomes_none(reference) for reference in seen)


def test_functions_of_workflows_that_were_replaced(database, name):
    def register(word):
        with cloaca.WorkflowBuilder(name):

            def body(context):
                context.set("word", word)

            cloaca.task(id="body " + word, on_success=lambda task_id, context: None)(body)
        return weakref.ref(body)

    first = register("first")
    runner = database.runner()
    runner.execute(name)
    second = register("second")
    assert runner.execute(name).final_context["word"] == "second"
    runner.shutdown()
    del runner
    assert becomes_none(first)
    assert second() is not None


def test_memory_stays_flat(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def body(context):
            return {"x": [1, "two", {"three": 3.0}]}

    def run(times):
        for _ in range(times):
            runner.execute_many(name, [{"in": "y" * 1000}] * 50)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = run(10)
    assert run(20) - before < 16 * 1024
