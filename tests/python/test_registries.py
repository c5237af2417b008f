"""Workflows that are registered before and after runners are made, and replaced."""

import threading

import pytest

import cloaca


def register(name, word):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task(id=f"say {word}")
        def say(context):
            context.set("word", word)

    return builder


def test_before_and_after_the_runner(database, name):
    register(name + "_before", "before")
    with database.runner() as runner:
        register(name + "_after", "after")
        assert runner.execute(name + "_before").final_context["word"] == "before"
        assert runner.execute(name + "_after").final_context["word"] == "after"
        assert {name + "_before", name + "_after"} <= set(runner.workflows())


def test_every_runner_hears_of_it(make_runner, name):
    runners = [make_runner() for _ in range(3)]
    register(name, "all")
    assert [runner.execute(name).final_context["word"] for runner in runners] == ["all"] * 3


def test_replaced_by_the_tasks_of_the_new_block_only(runner, name):
    register(name, "first")
    assert list(runner.execute(name).task_results) == ["say first"]
    register(name, "second")
    result = runner.execute(name)
    assert list(result.task_results) == ["say second"] and result.final_context["word"] == "second"


def test_one_builder_used_twice(runner, name):
    builder = cloaca.WorkflowBuilder(name)
    for word in ("first", "second"):
        with builder:

            @cloaca.task(id=word)
            def body(context):
                pass

        assert list(runner.execute(name).task_results) == [word]


def test_block_that_fails_leaves_the_earlier_one(runner, name):
    register(name, "first")
    with pytest.raises(RuntimeError):
        with cloaca.WorkflowBuilder(name):
            raise RuntimeError("planned")
    assert runner.execute(name).final_context["word"] == "first"


def test_running_execution_keeps_its_workflow(runner, name, gate):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def wait(context):
            gate.pass_()

        @cloaca.task(dependencies=[wait])
        def then(context):
            context.set("word", "first")

    handle = runner.submit(name)
    gate.wait_for_arrivals()
    register(name, "second")
    assert runner.execute(name).final_context["word"] == "second"
    gate.open()
    assert handle.result(8).final_context["word"] == "first"


def test_equal_content_with_other_bodies(runner, name):
    words = []
    for word in ("first", "second"):
        with cloaca.WorkflowBuilder(name):

            @cloaca.task(id="body")
            def body(context):
                words.append(word)

        runner.execute(name)
    assert words == ["first", "second"]


def test_builders_of_several_threads_do_not_meet(runner, name):
    barrier = threading.Barrier(8)
    errors = []

    def build(number):
        try:
            with cloaca.WorkflowBuilder(f"{name}{number}"):
                for i in range(20):
                    if i % 5 == 0:
                        barrier.wait(8)

                    @cloaca.task(id=f"{number}.{i}")
                    def body(context):
                        pass

        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=build, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in range(8):
        tasks = list(runner.execute(f"{name}{number}").task_results)
        assert sorted(tasks) == sorted(f"{number}.{i}" for i in range(20))


def test_nested_builders(runner, name):
    with cloaca.WorkflowBuilder(name + "_outer"):

        @cloaca.task(id="outer 1")
        def one(context):
            pass

        with cloaca.WorkflowBuilder(name + "_inner"):

            @cloaca.task(id="inner")
            def inner(context):
                pass

        @cloaca.task(id="outer 2")
        def two(context):
            pass

    assert list(runner.execute(name + "_outer").task_results) == ["outer 1", "outer 2"]
    assert list(runner.execute(name + "_inner").task_results) == ["inner"]


def test_many_registrations_while_a_runner_works(runner, name):
    register(name, "busy")
    handles = []
    for i in range(30):
        handles.append(runner.submit(name))
        register(f"{name}{i}", str(i))
        handles.append(runner.submit(f"{name}{i}"))
    assert all(handle.result(8).status == "Completed" for handle in handles)
