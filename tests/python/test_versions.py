"""Content versions: equal content, equal version, in every process."""

import cloaca

SOURCE = """
import cloaca

def build(description="d", tag="1", after=True, version=1):
    with cloaca.WorkflowBuilder("versioned") as builder:
        builder.description(description)
        builder.tag("t", tag)

        @cloaca.task(id="a")
        def a(context):
            if context.get("x") in {"one", "two", "three"}:
                context.set("y", [n * 2 for n in range(3)])

        @cloaca.task(id="b", dependencies=["a"] if after else [], version=version)
        def b(context, handle=None):
            def inner(value):
                return value + 1
            return {"z": inner(1)}

    return builder.build().version
"""


def version_of(call="build()", source=SOURCE):
    names = {}
    exec(compile(source, "<versioned>", "exec"), names)
    return eval(call, names)


def test_equal_content_in_this_process_and_in_others(run_program):
    versions = {version_of() for _ in range(2)}
    programs = [run_program(SOURCE + "\nprint(build())") for _ in range(2)]
    for program in programs:
        status, output, errors = program.wait()
        assert status == 0, errors
        versions.add(output.strip())
    assert len(versions) == 1
    assert len(next(iter(versions))) == 16


def test_every_part_counts():
    calls = ["build()", "build(description='e')", "build(tag='2')", "build(after=False)", "build(version=2)"]
    assert len({version_of(call) for call in calls}) == len(calls)


def test_a_changed_body_is_another_version():
    changes = [
        ("n * 2", "n * 3"),
        ("value + 1", "value - 1"),
        ('"three"', '"four"'),
        ("range(3)", "range(4)"),
        ("context.get", "context.get_other"),
        ("handle=None", "handle=1"),
    ]
    versions = {version_of()}
    for old, new in changes:
        assert old in SOURCE
        versions.add(version_of(source=SOURCE.replace(old, new)))
    assert len(versions) == len(changes) + 1


def test_place_and_comments_do_not_count():
    moved = "\n\n\n# moved\n" + SOURCE.replace("return {", "# why\n            return {")
    assert version_of() == version_of(source=moved)


def test_result_names_the_version_that_ran(runner, name):
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task()
        def a(context):
            pass

    result = runner.execute(name)
    assert result.workflow_version == builder.build().version == runner.list(name)[0]["version"]


AROUND = """
import functools
import cloaca

class Tool:
    pass

def decorated(function):
    def wrapper(context):
        return function(context)
    return wrapper

def made(limit, tool):
    def body(context):
        def again(n):
            return again(n - 1) if n else limit
        return {"n": again(limit), "tool": type(tool).__name__}
    return body

def run(function, context):
    return function(context)

def build(function):
    with cloaca.WorkflowBuilder("versioned") as builder:
        cloaca.task(id="only")(function)
    return builder.build().version

def recursive(n):
    def body(context):
        return body(context) if n else None
    return body
"""


def test_what_a_body_has_from_around_it_counts(run_program):
    calls = [
        "build(decorated(lambda context: {'a': 1}))", "build(decorated(lambda context: {'a': 2}))",
        "build(decorated(decorated(lambda context: {'a': 2})))",
        "build(made(1, Tool()))", "build(made(2, Tool()))", "build(made(2, []))",
        "build(recursive(1))", "build(recursive(2))",
        "build(functools.partial(run, lambda context: {'a': 1}))", "build(functools.partial(run, lambda context: {'a': 2}))",
        "build(functools.lru_cache()(lambda context: {'a': 1}))", "build(functools.lru_cache()(lambda context: {'a': 2}))",
    ]
    versions = [version_of(call, AROUND) for call in calls]
    assert len(set(versions)) == len(calls)
    status, output, errors = run_program(AROUND + f"\nprint(*[{', '.join(calls)}])").wait()
    assert status == 0, errors
    assert output.split() == versions
