"""Which callables take their inputs by name, and which are called with the context as ever: wrappers, methods, odd hints."""

from __future__ import annotations

import functools
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Dict,
    NewType,
    Optional,
    Protocol,
    TypeVar,
)
from unittest import mock

import pytest
from conftest import build

import cloaca
from cloaca import Context
from cloaca import Context as Ctx

if TYPE_CHECKING:
    from nowhere import Missing

class Equal:
    """As a hint: not even comparable."""

    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError("==")


class Gets(Protocol):
    def get(self, key): ...


@pytest.mark.parametrize(
    "hint",
    [
        "Ctx", "Optional[Ctx]", "Ctx | None", "Optional[Missing]", Optional[Context], Annotated[Context, "what it has"],
        Annotated[Optional[Context], 1], NewType("Own", Context), TypeVar("C", bound=Context), TypeVar("T"), Gets, Any,
        object, Optional[Any], None, "the context of the run", "Missing", "1 / 0", "5", 5, {"type": "context"}, Equal(),
    ],
)
def test_hints_that_decide_nothing(runner, name, hint):
    def body(c):
        return {"seen": type(c).__name__}

    body.__annotations__["c"] = body.__annotations__["return"] = hint
    assert build(name, body).inputs == {}
    assert runner.execute(name).final_context["seen"] == "Context"


def test_the_context_beside_inputs_however_its_hint_says_so(runner, name):
    def body(c: Optional[Ctx], n: int, h: cloaca.TaskHandle, missing: Optional[nowhere.Context]):  # noqa: F821
        return {"seen": [type(c).__name__, n, h.attempt, type(missing).__name__]}

    assert build(name, body).inputs == {"n": int}
    assert runner.execute(name, {"n": 2}).final_context["seen"] == ["Context", 2, 1, "Context"]


def test_a_parameter_with_a_default_does_not_decide(runner, name):
    def body(data: Dict[str, int] = None, limit: int = 3):
        return {"seen": [type(data).__name__, limit]}

    assert build(name, body).inputs == {}
    assert runner.execute(name, {"data": {}, "limit": 4}).final_context["seen"] == ["Context", 3]


def gives_more(function):
    @functools.wraps(function)
    def wrapper(context):
        return function(context, {"from": "wrapper"})

    return wrapper


def passes_on(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def passes_arguments_on(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


def passes_the_rest_on(function):
    @functools.wraps(function)
    def wrapper(context, *rest, **more):
        return function(context, *rest, **more)

    return wrapper


def test_wrappers_with_parameters_of_their_own_are_called_with_the_context(runner, name):
    def unpacks(function):
        @functools.wraps(function)
        def unpacked(order):
            return function(int(order["order_id"]))

        return unpacked

    @gives_more
    def load(context, database: dict):
        return {"load": database["from"]}

    @passes_on
    @gives_more
    def checked(c, client: Missing) -> Missing:
        return {"checked": client["from"]}

    @unpacks
    def typed(order: int):
        return {"typed": order}

    @mock.patch("os.getcwd")
    def patched(context, getcwd: mock.MagicMock):
        return {"patched": type(getcwd).__name__}

    @passes_on
    def with_handle(c, handle):
        return {"with_handle": handle.attempt}

    @passes_the_rest_on
    def rest(c, handle):
        return {"rest": handle.attempt}

    @passes_the_rest_on
    def keyword(c, *, task_handle):
        return {"keyword": task_handle.attempt}

    assert build(name, load, checked, typed, patched, with_handle, rest, keyword).inputs == {}
    result = runner.execute(name, {"order_id": "7"})
    assert result.error_message is None
    assert result.final_context.to_dict() == {
        "order_id": "7", "load": "wrapper", "checked": "wrapper", "typed": 7, "patched": "MagicMock",
        "with_handle": 1, "rest": 1, "keyword": 1,
    }


def test_wrappers_that_pass_everything_on(runner, name):
    class Timed:
        def __init__(self, function):
            functools.update_wrapper(self, function)

        def __call__(self, *args, **kwargs):
            return self.__wrapped__(*args, **kwargs)

    class Steps:
        @passes_on
        def fourth(self, d: int, handle, *, more: int = 5):
            return {"e": d + handle.attempt + more}

        @passes_on
        def context(self, c: Ctx):
            return {"f": type(c).__name__}

    @passes_on
    def first(a: int, b: int = 2) -> Dict[str, int]:
        return {"b": a + b}

    @passes_arguments_on
    @passes_on
    def second(b: int, *, more: int = 1):
        return {"c": b + more}

    @Timed
    def third(c: int):
        return {"d": c + 1}

    build(name, first, second, functools.lru_cache()(third), Steps().fourth, Steps().context)
    result = runner.execute(name, {"a": 1, "more": 100})
    assert result.error_message is None
    assert result.final_context.to_dict() == {"a": 1, "more": 100, "b": 3, "c": 4, "d": 5, "e": 106, "f": "Context"}


def test_a_function_that_wraps_itself(runner, name):
    def body(*args):
        return {"seen": len(args)}

    body.__wrapped__ = body
    build(name, body)
    assert runner.execute(name).final_context["seen"] == 1


def test_a_handle_by_keyword(runner, name):
    def second(context, *, handle):
        return {"a": handle.attempt}

    def later(context, limit=3, *, task_handle):
        return {"b": [limit, task_handle.attempt]}

    def optional(context, limit=3, *, handle=None):
        return {"c": handle}

    build(name, second, later, optional)
    assert runner.execute(name).final_context.to_dict() == {"a": 1, "b": [3, 1], "c": None}


def test_functions_stand_for_their_ids(runner, name):
    class Steps:
        def step(self, context):
            context["step"] = True

    def shared(context):
        context["shared"] = context.get("shared", 0) + 1

    steps = Steps()
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="first")(steps.step)
        cloaca.task(id="x", dependencies=[steps.step], trigger_rules=cloaca.task_success(steps.step))(shared)
        with cloaca.WorkflowBuilder(name + "_other"):
            cloaca.task(id="y")(shared)
        cloaca.task(id="last", dependencies=[shared])(lambda context: {"last": True})
    assert [task.rpartition("::")[2] for task in builder.build().topological_sort()] == ["first", "x", "last"]
    assert cloaca.WorkflowBuilder(name).add_task(steps.step).add_task(shared).build().tasks == ["first", "x"]
    assert cloaca.WorkflowBuilder(name + "_other").add_task(shared).build().tasks == ["y"]
    assert runner.execute(name).final_context.to_dict() == {"step": True, "shared": 1, "last": True}
