"""Tasks that take their inputs by name, and type hints that are checked when the workflow is built."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import enum
import functools
import tracemalloc
from decimal import Decimal
from types import SimpleNamespace
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    Tuple,
    TypedDict,
    TypeVar,
    Union,
)

import pytest
from conftest import build

import cloaca
from cloaca import Context

if TYPE_CHECKING:
    from nowhere import Missing

OrderId = NewType("OrderId", int)


@dataclasses.dataclass
class Line:
    article: str
    count: int = 1


@dataclasses.dataclass
class Order:
    id: int
    lines: List[Line]
    note: Optional[str] = None


class Loaded(TypedDict):
    order: Order


class Priced(TypedDict, total=False):
    total: float


@dataclasses.dataclass(frozen=True)
class Counted:
    count: int
    total: int = dataclasses.field(init=False, default=0, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "total", self.count * 10)


@dataclasses.dataclass
class Narrow:
    x: int


@dataclasses.dataclass
class Wide(Narrow):
    y: int = 0


class Point(NamedTuple):
    x: int
    y: int = 0


class Places(TypedDict):
    here: Point


class Size(enum.Enum):
    RED = "red"


class Color(str, enum.Enum):
    RED = "red"


def test_inputs_by_name(runner, name):
    def load(order_id: OrderId) -> Loaded:
        return {"order": Order(order_id, [Line("cup", 2), Line("pot")])}

    async def price(order: Order, factor: float = 2.5) -> Priced:
        await asyncio.sleep(0)
        assert isinstance(order, Order) and order.lines[1] == Line("pot")
        return {"total": factor * sum(line.count for line in order.lines)}

    def bill(context, total: float, *, currency: str = "EUR", handle=None):
        context["receipt"] = f"{total} {currency}, attempt {handle.attempt}"

    workflow = build(name, load, price, bill)
    assert workflow.inputs == {"order_id": OrderId, "factor": float, "currency": str}
    assert runner.execute(name, {"order_id": 42}).final_context["receipt"] == "7.5 EUR, attempt 1"
    changed = runner.execute(name, {"order_id": 42, "factor": 1, "currency": "DKK"})
    assert changed.final_context["receipt"] == "3 DKK, attempt 1"
    assert load(1) == {"order": Order(1, [Line("cup", 2), Line("pot")])}  # the function stays as it is


def test_what_was_called_with_a_context_is_so_still(runner, name):
    def unnamed(c):
        c["a"] = type(c).__name__

    def annotated(c: Context, handle):
        c["b"] = handle.attempt

    def as_text(c: "cloaca.Context", limit: int = 10) -> Dict[str, int]:
        return {"c": limit}

    def only_for_checkers(context: Missing) -> Missing:
        context["d"] = True

    def anything(c: Any, *rest: int, **more: int):
        c["e"] = len(rest) + len(more)

    def named(ctx: Dict[str, Any]):
        ctx["f"] = type(ctx).__name__

    def default(c, one=1):
        c["g"] = one

    workflow = build(name, unnamed, annotated, as_text, only_for_checkers, anything, named, default)
    assert workflow.inputs == {}
    result = runner.execute(name, {"limit": 11, "one": 2})
    assert result.final_context.to_dict() == {
        "limit": 11, "one": 2, "a": "Context", "b": 1, "c": 10, "d": True, "e": 0, "f": "Context", "g": 1
    }


def test_other_callables(runner, name):
    class Adds:
        __name__ = "adds"

        def __init__(self, n):
            self.n = n

        def __call__(self, value: int) -> Dict[str, int]:
            return {"value": value + self.n}

        def method(self, value: int, /) -> Dict[str, int]:
            return {"value": value * self.n}

    def power(value: int, exponent: int) -> Dict[str, int]:
        return {"value": value**exponent}

    square = functools.partial(power, exponent=2)
    square.__name__ = "square"
    build(name, Adds(1), Adds(10).method, square)
    assert runner.execute(name, {"value": 1}).final_context["value"] == 400


def test_nothing_to_take(runner, name):
    def load() -> Priced:
        return {"total": 1.5}

    assert build(name, load).inputs == {}
    assert runner.execute(name).final_context.to_dict() == {"total": 1.5}


def test_a_key_that_is_not_there_fails_at_once(runner, name):
    attempts = []

    def load(order_id: int):
        attempts.append(order_id)

    build(name, load)
    result = runner.execute(name, {"other": 1})
    assert result.status == "Failed" and result.task_results["load"].attempts == 1 and attempts == []
    assert "task 'load' takes key 'order_id' (int), which is not there; its context has other" in result.error_message


@pytest.mark.parametrize(
    ("hint", "value", "error"),
    [
        (int, "1", "expected int, got str"),
        (int, True, "expected int, got bool"),
        (int, None, "expected int, got None"),
        (float, "1", "expected float, got str"),
        (List[int], [1, "2"], "expected int, got str"),
        (List[int], {}, "expected List[int], got dict"),
        (Dict[str, Line], {"a": {"article": "cup", "count": "2"}}, "count: expected int, got str"),
        (Order, {"id": 1, "lines": [{"article": 5}]}, "lines: article: expected str, got int"),
        (Order, {"id": 1}, "missing 1 required positional argument: 'lines'"),
        (Order, [1], "expected Order, got list"),
        (Union[int, str], [1], "got list"),
        (Color, "blue", "'blue' is not a valid"),
        (Loaded, 5, "expected Loaded, got int"),
        (Places, {"here": [1, "2"]}, "here: y: expected int, got str"),
        (Point, [1, 2, 3], "expected Point, got 3 items"),
        (Point, {"x": 1}, "expected Point, got dict"),
        (Tuple[int, str], [1, 2], "1: expected str, got int"),
        (Tuple[int, str], [1], "expected Tuple[int, str], got 1 items"),
        (Literal["a", 1], "b", "expected Literal['a', 1], got 'b'"),
        (Literal["a", 1], True, "expected Literal['a', 1], got True"),
    ],
)
def test_values_of_another_type(runner, name, hint, value, error):
    def body(value):
        return {"seen": True}

    body.__annotations__["value"] = hint
    build(name, body)
    result = runner.execute(name, {"value": value})
    assert result.status == "Failed" and result.task_results["body"].attempts == 1
    assert "task 'body', key 'value': " in result.error_message and error in result.error_message


@pytest.mark.parametrize(
    ("hint", "value", "made"),
    [
        (float, 1, 1),
        (Optional[int], None, None),
        (Union[int, Line], {"article": "cup"}, Line("cup")),
        ("tuple", [1, 2], (1, 2)),
        (List[Line], [{"article": "cup"}], [Line("cup")]),
        (Dict[str, Line], {"a": {"article": "cup"}}, {"a": Line("cup")}),
        (Color, "red", Color.RED),
        (OrderId, 5, 5),
        (Any, {"x": 1}, {"x": 1}),
        (bool, True, True),
        (Point, [1, 2], Point(1, 2)),
        (Tuple[int, ...], [1, 2], (1, 2)),
        (Tuple[int, Line], [1, {"article": "cup"}], (1, Line("cup"))),
        (Literal["a", 1], 1, 1),
        (Narrow, {"x": 1, "y": 2}, Narrow(1)),
    ],
)
def test_values_are_made_into_what_the_hint_says(runner, name, hint, value, made):
    seen = []

    def body(value, second: int):
        seen.append(value)

    body.__annotations__["value"] = hint
    build(name, body)
    assert runner.execute(name, {"value": value, "second": 2}).error_message is None
    assert seen == [made] and type(seen[0]) is type(made)


def test_contradicting_hints_are_an_error_when_the_workflow_is_built(name):
    def load(order_id: int) -> Loaded: ...

    def price(order: int) -> Priced: ...

    def bill(total: str, order_id: int): ...

    with pytest.raises(ValueError) as caught:
        build(name, load, price, bill)
    assert str(caught.value) == (
        f"Workflow validation failed: workflow '{name}' cannot be built:\n"
        "  - type of a key: task 'price' takes 'order' as int, but task 'load' gives it as Order\n"
        "  - type of a key: task 'bill' takes 'total' as str, but task 'price' gives it as float"
    )
    with pytest.raises(ValueError, match="no workflow|not"):
        cloaca.WorkflowBuilder(name).add_task("load")  # nothing was registered


@pytest.mark.parametrize(
    ("given", "taken", "fits"),
    [
        (int, int, True), (int, float, True), (float, int, False), (bool, int, False), (int, Any, True),
        (int, Optional[int], True), (Optional[int], int, False), (int, Union[str, int], True),
        (Order, Order, True), (Order, Dict[str, Any], True), (dict, Order, True), (Order, Line, True),
        (Order, int, False), (List[int], List[int], True), (List[int], List[float], True),
        (List[int], List[str], False), (list, List[str], True),
        (List[Order], List[dict], True), (Dict[str, int], Dict[str, str], False), (Loaded, dict, True),
        (Loaded, Priced, True), (Loaded, Order, True), (str, Color, True), (Color, str, True), (str, List[str], False),
        (OrderId, int, True), (tuple, list, True), (None, int, False), (None, Optional[int], True),
        (Point, list, True), (Point, List[int], True), (Point, dict, False), (Color, Size, True),
        (datetime.date, str, True), (str, datetime.date, True), (TypeVar("T", bound=int), str, False),
    ],
)
def test_which_types_fit(name, given, taken, fits):
    def load(): ...

    def use(value): ...

    load.__annotations__["return"] = TypedDict("Gives", {"value": given})
    use.__annotations__["value"] = taken
    if fits:
        assert build(name, load, use).inputs == {}
    else:
        with pytest.raises(ValueError, match="task 'use' takes 'value' as .*, but task 'load' gives it as "):
            build(name, load, use)


def test_the_last_writer_counts(name):
    class Text(TypedDict):
        value: str

    class Number(TypedDict):
        value: int

    def first() -> Text: ...

    def second(value: str) -> Number: ...

    def third(value: int): ...

    build(name, first, second, third)


def test_the_check_of_a_long_chain_stays_small(name):
    with cloaca.WorkflowBuilder(name) as builder:
        before = []
        for number in range(2000):
            before = [cloaca.task(id=f"t{number}", dependencies=before)(lambda context: None)]

        @cloaca.task(dependencies=before)
        def last(n: int):
            pass

        tracemalloc.start()
        try:
            builder.build()
            assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
        finally:
            tracemalloc.stop()


def test_inputs_are_what_no_task_before_can_have_put(name):
    def declares(a: int) -> Priced: ...

    def writes_nothing(b: str, total: float) -> None: ...

    def anything(c: int, handle) -> Dict[str, int]: ...

    def after(a: int, d: int): ...

    assert build(name, declares, writes_nothing, anything, after).inputs == {"a": int, "b": str, "c": int}


def test_a_task_between_that_may_write_the_key_stops_the_check(name):
    def load() -> Priced: ...

    def convert(context) -> None: ...

    def bill(total: str): ...

    build(name, load, convert, bill)
    with pytest.raises(ValueError, match="task 'bill' takes 'total' as str, but task 'load' gives it as float"):
        build(name, convert, load, bill)


def test_what_a_model_makes_of_its_fields_is_not_known(runner, name):
    class Payment:
        model_fields = {
            "due": SimpleNamespace(annotation=datetime.date), "amounts": SimpleNamespace(annotation=List[Decimal]),
            "paid": SimpleNamespace(annotation=bool),
        }

        def model_dump(self, mode="python"):
            return {"due": "2026-01-02", "amounts": ["1.5"], "paid": True}

        @classmethod
        def model_validate(cls, value):
            return cls()

    def pay() -> Payment:
        return Payment()

    def bill(due: str, amounts: List[str]):
        return {"bill": due + amounts[0]}

    def wrong(paid: str): ...

    build(name, pay, bill)
    assert runner.execute(name).final_context["bill"] == "2026-01-021.5"
    with pytest.raises(ValueError, match="takes 'paid' as str"):
        build(name, pay, wrong)


def test_hints_that_cannot_be_read(runner, name):
    def load(n: int, order: Missing): ...

    with pytest.raises(ValueError, match="task 'load': the type hint 'Missing' of 'order' cannot be read: NameError"):
        build(name, load)

    def returns(order: int) -> Missing: ...

    assert build(name, returns).inputs == {"order": int}
    assert cloaca.WorkflowBuilder(name).add_task("returns").build().inputs == {"order": int}


def test_what_tasks_give_is_made_again(runner, name):
    def give() -> Dict[str, Any]:
        return {
            "counted": Counted(2), "wide": Wide(1, y=2), "point": Point(1), "choice": Color.RED,
            "places": {"here": Point(1, 2), "other": 3},
        }

    def take(counted: Counted, wide: Narrow, point: Point, choice: Literal[Color.RED], places: Places):
        assert (counted, counted.total) == (Counted(2), 20)
        assert (wide, point, choice, type(point)) == (Narrow(1), Point(1, 0), Color.RED, Point)
        assert places == {"here": Point(1, 2), "other": 3} and type(places["here"]) is Point

    build(name, give, take)
    assert runner.execute(name).error_message is None
