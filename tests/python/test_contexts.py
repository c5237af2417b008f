"""Context as a value."""

import copy
import math
import pickle

import pytest

import cloaca
from cloaca import Context


def test_get_set_and_remove():
    context = Context({"a": 1})
    assert context.get("a") == 1
    assert context.get("b") is None
    assert context.get("b", 7) == 7
    context.set("b", [1, 2])
    assert context.get("b") == [1, 2]
    assert context.remove("b") == [1, 2]
    assert context.remove("b") is None


def test_insert_and_update_insist():
    context = Context({"k": 1})
    with pytest.raises(ValueError, match="^Key already exists: k$"):
        context.insert("k", 2)
    context.update("k", 3)
    assert context["k"] == 3
    with pytest.raises(KeyError, match="Key not found: other"):
        context.update("other", 1)
    context.insert("other", 1)
    assert context["other"] == 1


def test_subscription():
    context = Context({"none": None})
    assert context["none"] is None
    with pytest.raises(KeyError, match="Key not found: 'k'"):
        context["k"]
    context["k"] = {"x": [True]}
    assert context["k"] == {"x": [True]}
    del context["k"]
    with pytest.raises(KeyError):
        del context["k"]


def test_it_is_like_a_mapping():
    context = Context({"b": 1, "a": 2})
    assert len(context) == 2
    assert "a" in context and "c" not in context and 5 not in context
    assert list(context) == context.keys() == ["b", "a"]
    assert context.values() == [1, 2]
    assert context.items() == [("b", 1), ("a", 2)]
    assert dict(context) == {"b": 1, "a": 2}
    assert repr(Context({"a": "x"})) == 'Context({"a":"x"})'


def test_equality_copies_and_pickles():
    context = Context({"a": [1, {"b": None}]})
    for other in (context.copy(), copy.copy(context), copy.deepcopy(context), pickle.loads(pickle.dumps(context))):
        assert other == context
        other.set("c", 1)
        assert other != context
    assert context.to_dict() == {"a": [1, {"b": None}]}
    assert context != {"a": 1}


def test_json_round_trip():
    context = Context({"z": 1, "a": [1.5, "ü", None, True], "n": {"deep": {}}})
    assert context.to_json() == '{"z":1,"a":[1.5,"ü",null,true],"n":{"deep":{}}}'
    assert Context.from_json(context.to_json()) == context
    for text in ("{", "[1]", "", "{'a': 1}"):
        with pytest.raises(ValueError, match="^Failed to deserialize from JSON: "):
            Context.from_json(text)


def test_update_from_dict_is_all_or_nothing():
    context = Context({"a": 1})
    context.update_from_dict({"a": 2, "b": 3})
    assert context.to_dict() == {"a": 2, "b": 3}
    with pytest.raises(TypeError):
        context.update_from_dict({"a": 9, "bad": object()})
    assert context.to_dict() == {"a": 2, "b": 3}


def test_what_is_got_is_a_copy():
    context = Context({"list": [1]})
    context.get("list").append(2)
    assert context["list"] == [1]


@pytest.mark.parametrize(
    "value", [0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 0.1, -0.0, 1e308, 5e-324, "", "ü\U0001f600", True, None, [], {}, [[[]]]]
)
def test_values_come_back_as_they_went(value, runner, name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def keep(context):
            context.set("same", context["given"])

    final = runner.execute(name, Context({"given": value})).final_context
    assert final["same"] == value and type(final["same"]) is type(value)
    assert math.copysign(1, final["same"]) == math.copysign(1, value) if isinstance(value, float) else True


def test_tuples_become_lists():
    assert Context({"t": (1, (2, 3))})["t"] == [1, [2, 3]]
