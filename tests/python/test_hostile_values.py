"""What JSON cannot hold is refused: key and type are named, nothing is written."""

import dataclasses
import decimal
import enum
import math

import pytest

import cloaca
from cloaca import Context


class Unprintable:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}, decimal.Decimal(1), 1j, print, Unprintable(), type])
def test_other_types(value):
    context = Context({"k": 1})
    with pytest.raises(TypeError, match=f"'k'.*{type(value).__name__}"):
        context.set("k", value)
    with pytest.raises(TypeError, match=f"'k'.*{type(value).__name__}"):
        context.set("k", {"deep": [value]})
    assert context.to_dict() == {"k": 1}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**64, -(2**63) - 1, 10**400])
def test_numbers_that_json_does_not_have(value):
    context = Context()
    with pytest.raises(ValueError, match="'k'"):
        context.set("k", [value])
    assert len(context) == 0


def test_keys_are_text():
    context = Context()
    for key in (1, None, b"k"):
        with pytest.raises(TypeError, match="key: expected str"):
            context.set(key, 1)
    with pytest.raises(TypeError, match="'k'.*key of type int"):
        context.set("k", {1: 2})
    with pytest.raises(TypeError, match="data: expected dict"):
        Context([1])


def test_lone_surrogates():
    with pytest.raises(ValueError, match="surrogate"):
        Context({"k": "\ud800"})
    with pytest.raises(ValueError, match="surrogate"):
        Context({"\udfff": 1})


def test_what_holds_itself_and_what_is_too_deep():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="'k'.*levels"):
        Context({"k": loop})
    deep = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(ValueError, match="'k'.*levels"):
        Context({"k": deep})


def test_a_list_that_changes_while_it_is_read():
    values = [1, 2, 3]

    @dataclasses.dataclass
    class Shrinks:
        x: int = 1

        def __getattribute__(self, name):
            values.clear()
            return object.__getattribute__(self, name)

    values.insert(0, Shrinks())
    assert Context({"k": values})["k"] == [{"x": 1}]


def test_subclasses_of_what_json_holds():
    class Color(enum.IntEnum):
        RED = 3

    class Text(str):
        pass

    context = Context({"e": Color.RED, "s": Text("x"), "d": type("D", (dict,), {})(a=1)})
    assert context.to_dict() == {"e": 3, "s": "x", "d": {"a": 1}}


def test_dataclasses_and_models_say_how_they_are_json():
    @dataclasses.dataclass
    class Line:
        article: str
        count: int

    class Model:
        def model_dump(self, mode="python"):
            return {"mode": mode}

    context = Context({"line": Line("x", 2), "model": Model()})
    assert context.to_dict() == {"line": {"article": "x", "count": 2}, "model": {"mode": "json"}}


def test_large_context(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def one(context):
            context.set("sum", sum(context["numbers"]))

    big = {f"key {i}": "x" * 100 for i in range(10_000)}
    result = runner.execute(name, Context({"numbers": list(range(1000)), **big}))
    assert result.final_context["sum"] == 499500
    assert len(result.final_context) == 10_002


def test_context_that_is_too_large_is_refused(make_runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def grow(context):
            context.set("x", "x" * 5000)

    runner = make_runner(max_context_bytes=4096)
    with pytest.raises(ValueError, match="^Workflow execution failed: "):
        runner.execute(name, Context({"x": "x" * 5000}))
    result = runner.execute(name, Context())
    assert result.status == "Failed" and "x" in result.error_message


def test_body_that_puts_what_is_not_json_fails(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            context.set("fine", 1)
            context.set("k", object())

    result = runner.execute(name, Context())
    assert result.status == "Failed"
    assert "TypeError" in result.error_message and "'k'" in result.error_message
    assert "fine" not in result.final_context


def test_exception_that_has_no_text(runner, name):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def bad(context):
            raise Mute

    assert "Mute: <its __str__ raises>" in runner.execute(name, Context()).error_message
