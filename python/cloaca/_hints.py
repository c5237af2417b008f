"""Type hints as contexts know them: JSON, and what says how it is JSON. What is not understood is let pass."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from typing import Any, Dict, Literal, Mapping, Optional, Tuple, TypeVar, Union

Names = Mapping[str, Any]

_SEQUENCES = (collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (collections.abc.Mapping, collections.abc.MutableMapping)
_UNIONS = (Union, getattr(types, "UnionType", Union))  # `int | str` of Python 3.10


def plain(hint: Any) -> Any:
    """Without what only type checkers read."""
    for _ in range(100):  # an object that has every attribute would never end
        if hint is None:
            return type(None)
        if hasattr(hint, "__supertype__"):  # NewType
            hint = hint.__supertype__
        elif hasattr(hint, "__metadata__"):  # Annotated
            hint = hint.__origin__
        elif type(hint).__name__ == "TypeAliasType":  # `type Lines = …` of Python 3.12
            hint = hint.__value__
        elif isinstance(hint, TypeVar):
            hint = Union[hint.__constraints__] if hint.__constraints__ else hint.__bound__ or Any
        elif getattr(typing.get_origin(hint), "_name", None) in ("Required", "NotRequired", "ReadOnly"):
            hint = typing.get_args(hint)[0]
        else:
            return hint
    return Any


def members(hint: Any) -> Optional[Tuple[Any, ...]]:
    """Of a union; None for anything else."""
    return typing.get_args(hint) if typing.get_origin(hint) in _UNIONS else None


def meaning(hint: Any, kinds: Tuple[type, ...]) -> Any:
    """Which of `kinds` it is, or may be; else whether it is a type of values."""
    some = [plain(one) for one in members(plain(hint)) or (hint,)]
    some = [typing.get_origin(one) or one for one in some if one is not type(None)]
    for kind in kinds:
        if any(isinstance(one, type) and issubclass(one, kind) for one in some):
            return kind
    return bool(some) and all(map(_is_of_values, some))


def _is_of_values(kind: Any) -> bool:
    if kind is Any or kind is object or getattr(kind, "_is_protocol", False):
        return False  # these are what a Context may be, too
    return isinstance(kind, type) or kind is Literal


def is_typed_dict(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, dict) and hasattr(hint, "__total__")


def is_model(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "model_validate")


def hints_in(kind: Any, names: Names) -> Dict[str, Any]:
    """Of a class, by the names that it declares."""
    try:
        return typing.get_type_hints(kind, None, dict(names))
    except Exception:  # a hint may be any expression, of names that are not there at run time
        return dict.fromkeys(getattr(kind, "__annotations__", {}), Any)


def _serializes_itself(model: Any) -> bool:
    """Whether functions of it make the JSON: what that is, its fields do not say."""
    own = getattr(model, "__pydantic_decorators__", None)
    return bool(getattr(own, "field_serializers", None) or getattr(own, "model_serializers", None))


def _model_fields(model: Any) -> Dict[str, Any]:
    of_model = getattr(model, "model_fields", {})
    if _serializes_itself(model):
        return dict.fromkeys(of_model, Any)
    computed = dict.fromkeys(getattr(model, "model_computed_fields", {}), Any)
    return {**{name: field.annotation for name, field in of_model.items()}, **computed}


def fields(hint: Any, names: Names = {}) -> Optional[Dict[str, Any]]:  # noqa: B006 - it is only read
    """Names and hints of a TypedDict, a dataclass or a pydantic model; None for what declares none.

    `names`: what hints that are text may use beside what their module has.
    """
    hint = plain(hint)
    if is_model(hint):
        return None if getattr(hint, "__pydantic_root_model__", False) else _model_fields(hint)
    if is_typed_dict(hint):
        return hints_in(hint, names)
    if not isinstance(hint, type) or not dataclasses.is_dataclass(hint):
        return None
    hints = hints_in(hint, names)
    return {field.name: hints.get(field.name, Any) for field in dataclasses.fields(hint)}


def declared(returned: Any, names: Names) -> Optional[Dict[str, Any]]:
    """The keys that a return hint declares; None: it does not say."""
    some = [one for one in members(plain(returned)) or (returned,) if plain(one) is not type(None)]
    if not some:
        return {}
    return fields(some[0], names) if len(some) == 1 else None


def is_sequence(kind: type) -> bool:
    return issubclass(kind, (list, tuple)) or any(kind is one for one in _SEQUENCES)


def is_mapping(kind: type) -> bool:
    return issubclass(kind, dict) or any(kind is one for one in _MAPPINGS)


def is_kind(wants: type, gives: type) -> bool:
    if gives is bool:
        return wants is bool  # JSON's true is no number
    try:
        return issubclass(gives, wants) or (wants is float and gives is int)
    except TypeError:  # a protocol that is there for type checkers only
        return True


def item_of(hint: Any) -> Any:
    """Of a sequence, whatever its length."""
    if hasattr(hint, "_fields"):  # arguments of a NamedTuple are not those of its items
        return Any
    arguments = [argument for argument in typing.get_args(hint) if argument is not Ellipsis]
    return Union[tuple(arguments)] if arguments else Any


def value_of(hint: Any) -> Any:
    """Of a mapping; fields of other kinds differ."""
    kind, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    return arguments[1] if len(arguments) == 2 and is_mapping(kind) and not is_typed_dict(kind) else Any


def name_of(hint: Any) -> str:
    hint = plain(hint)
    if hint is type(None):
        return "None"
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")


def resolve(hint: Any, names: Names, local_names: Names) -> Any:
    """Of text, and of text inside; raises whatever the expression does."""
    holder = type("Holder", (), {"__annotations__": {"hint": hint}})
    return typing.get_type_hints(holder, dict(names), dict(local_names))["hint"]
