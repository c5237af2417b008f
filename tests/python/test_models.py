"""Values that say how they are JSON: dataclasses and models, as values, whole inputs and results of bodies."""

import dataclasses
from typing import List, Optional

import pytest

import cloaca
from cloaca import Context


@dataclasses.dataclass
class Line:
    article: str
    count: int = 1


@dataclasses.dataclass
class Order:
    id: int
    lines: List[Line]


class Model:
    """In the way of pydantic."""

    def __init__(self, **values):
        self.values = values

    def model_dump(self, *, mode="python"):
        assert mode == "json"
        return self.values


ORDER = Order(7, [Line("cup", 2), Line("pot")])
ORDER_JSON = {"id": 7, "lines": [{"article": "cup", "count": 2}, {"article": "pot", "count": 1}]}


def test_nested_values():
    context = Context({"deep": [{"order": ORDER}, (Line("cup"), Model(a=Line("pot")))]})
    assert context["deep"] == [
        {"order": ORDER_JSON}, [{"article": "cup", "count": 1}, {"a": {"article": "pot", "count": 1}}]
    ]


def test_whole_inputs(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def count(context):
            return {"count": sum(line["count"] for line in context["lines"])}

    assert runner.execute(name, ORDER).final_context.to_dict() == {**ORDER_JSON, "count": 3}
    assert runner.submit(name, Model(lines=[Line("cup", 5)])).result(8).final_context["count"] == 5
    assert [one.final_context["count"] for one in runner.execute_many(name, [ORDER, Model(lines=[])])] == [3, 0]
    context = Context(ORDER)
    context.update_from_dict(Line("pot"))
    assert context.to_dict() == {**ORDER_JSON, "article": "pot", "count": 1}


def test_results_of_bodies_are_merged_by_their_fields(runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def load(context):
            context.set("kept", True)
            return ORDER

        @cloaca.task(dependencies=[load])
        async def more(context):
            return Model(id=8)

    assert runner.execute(name).final_context.to_dict() == {"kept": True, **ORDER_JSON, "id": 8}


def test_what_they_hold_must_be_json():
    @dataclasses.dataclass
    class Holds:
        value: object

    with pytest.raises(TypeError, match="'k'.*object is not JSON.*dataclass or a pydantic model"):
        Context({"k": [Holds(object())]})
    with pytest.raises(TypeError, match="'value'.*object"):
        Context(Holds(object()))


def test_what_says_nothing_is_refused(runner, name):
    class AnswersEverything:
        def __getattr__(self, key):
            return lambda *arguments, **options: {}

    with pytest.raises(TypeError, match="'k'.*AnswersEverything"):
        Context({"k": AnswersEverything()})
    for value in (AnswersEverything(), Order, Model, [ORDER]):
        with pytest.raises(TypeError, match="context: expected Context, dict or None, got"):
            runner.execute("any", value)


def test_what_its_conversion_raises_is_raised():
    class Refuses(Model):
        def model_dump(self, *, mode="python"):
            raise ArithmeticError("planned")

    with pytest.raises(ArithmeticError, match="planned"):
        Context({"k": [Refuses()]})


def test_pydantic(runner, name):
    pydantic = pytest.importorskip("pydantic")
    import datetime
    import decimal

    class Payment(pydantic.BaseModel):
        amount: decimal.Decimal
        due: Optional[datetime.date] = None

    class Invoice(pydantic.BaseModel):
        number: int
        payments: List[Payment]

    invoice = Invoice(number=1, payments=[Payment(amount="2.50", due="2026-01-31")])
    with cloaca.WorkflowBuilder(name) as builder:

        @cloaca.task()
        def pay(number: int, payments: List[Payment]) -> Invoice:
            assert payments[0].due == datetime.date(2026, 1, 31)
            return Invoice(number=number + 1, payments=payments * 2)

        @cloaca.task(dependencies=[pay])
        def store(payments: List[Payment], context):
            assert [payment.amount for payment in payments] == [decimal.Decimal("2.50")] * 2
            context["stored"] = {"all": payments}

    assert list(builder.build().inputs) == ["number", "payments"]
    context = runner.execute(name, invoice).final_context
    paid = {"amount": "2.50", "due": "2026-01-31"}
    assert context.to_dict() == {"number": 2, "payments": [paid, paid], "stored": {"all": [paid, paid]}}
    failed = runner.execute(name, {"number": 1, "payments": [{"amount": "much"}]})
    assert "task 'pay', key 'payments': " in failed.error_message and "amount" in failed.error_message
