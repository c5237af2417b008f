"""Type hints as contexts know them: JSON, and what says how it is JSON. What is not understood is let pass."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import types
import typing
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

Reader = Callable[[Any], Any]
Names = Mapping[str, Any]

_SEQUENCES = (list, tuple, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_UNIONS = (Union, getattr(types, "UnionType", Union))  # `int | str` of Python 3.10


def plain(hint: Any) -> Any:
    """Without what only type checkers read."""
    while True:
        if hint is None:
            return type(None)
        if hasattr(hint, "__supertype__"):  # NewType
            hint = hint.__supertype__
        elif hasattr(hint, "__metadata__"):  # Annotated
            hint = hint.__origin__
        elif type(hint).__name__ == "TypeAliasType":  # `type Lines = …` of Python 3.12
            hint = hint.__value__
        else:
            return hint


def members(hint: Any) -> Optional[Tuple[Any, ...]]:
    """Of a union; None for anything else."""
    return typing.get_args(hint) if typing.get_origin(hint) in _UNIONS else None


def is_typed_dict(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, dict) and hasattr(hint, "__total__")


def is_model(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "model_validate")


def fields(hint: Any, names: Names = {}) -> Optional[Dict[str, Any]]:  # noqa: B006 - it is only read
    """Names and hints of a TypedDict, a dataclass or a pydantic model; None for what declares none.

    `names`: what hints that are text may use beside what their module has.
    """
    hint = plain(hint)
    if is_model(hint):
        return {name: field.annotation for name, field in getattr(hint, "model_fields", {}).items()}
    if not is_typed_dict(hint) and not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        return None
    try:
        hints = typing.get_type_hints(hint, None, dict(names))
    except Exception:  # a hint may be any expression, of names that are not there at run time
        hints = dict.fromkeys(hint.__annotations__, Any)
    if is_typed_dict(hint):
        return hints
    return {field.name: hints.get(field.name, Any) for field in dataclasses.fields(hint)}


def declared(returned: Any, names: Names) -> Optional[Dict[str, Any]]:
    """The keys that a return hint declares; None: it does not say."""
    some = [one for one in members(plain(returned)) or (returned,) if plain(one) is not type(None)]
    if not some:
        return {}
    return fields(some[0], names) if len(some) == 1 else None


def name_of(hint: Any) -> str:
    hint = plain(hint)
    if hint is type(None):
        return "None"
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__
    return str(hint).replace("typing.", "")


def _item(hint: Any) -> Any:
    """Of a sequence, whatever its length."""
    arguments = [argument for argument in typing.get_args(hint) if argument is not Ellipsis]
    return Union[tuple(arguments)] if arguments else Any


def _value(hint: Any) -> Any:
    arguments = typing.get_args(hint)
    return arguments[1] if len(arguments) == 2 else Any


def accepts(wanted: Any, given: Any) -> bool:
    """Whether what is written as `given` can be read as `wanted`: both are the same JSON between."""
    wanted, given = plain(wanted), plain(given)
    if wanted is given or wanted in (Any, object) or given in (Any, object):
        return True
    some = members(given)
    if some is not None:
        return all(accepts(wanted, one) for one in some)
    some = members(wanted)
    if some is not None:
        return any(accepts(one, given) for one in some)
    wants, gives = typing.get_origin(wanted) or wanted, typing.get_origin(given) or given
    if not isinstance(wants, type) or not isinstance(gives, type):
        return True
    if wants in _SEQUENCES and gives in _SEQUENCES:
        return accepts(_item(wanted), _item(given))
    if wants in _MAPPINGS and gives in _MAPPINGS:
        return accepts(_value(wanted), _value(given))
    if fields(wants) is not None and gives in _MAPPINGS or fields(gives) is not None and wants in _MAPPINGS:
        return True
    if issubclass(wants, enum.Enum) or issubclass(gives, enum.Enum):
        return wants is gives or not (issubclass(wants, enum.Enum) and issubclass(gives, enum.Enum))
    if is_typed_dict(wants) or is_typed_dict(gives):
        # TypedDicts are no subclasses of each other; other classes may be made of one.
        return not (is_typed_dict(wants) and is_typed_dict(gives)) or wants.__name__ == gives.__name__
    return _is_kind(wants, gives)


def _is_kind(wants: type, gives: type) -> bool:
    if gives is bool:
        return wants is bool  # JSON's true is no number
    try:
        return issubclass(gives, wants) or (wants is float and gives is int)
    except TypeError:  # a protocol that is there for type checkers only
        return True


def reader(hint: Any, names: Names) -> Optional[Reader]:
    """Makes of JSON what the hint says, or raises TypeError or ValueError; None: it is what it says already."""
    hint = plain(hint)
    if hint in (Any, object):
        return None
    some = members(hint)
    if some is not None:
        return _any_of(hint, [reader(one, names) for one in some])
    kind = typing.get_origin(hint) or hint
    if not isinstance(kind, type):
        return None
    if kind in _SEQUENCES:
        return _sequence(hint, tuple if kind is tuple else list, reader(_item(hint), names))
    if kind in _MAPPINGS:
        return _mapping(hint, reader(_value(hint), names))
    if is_model(kind):
        return typing.cast(Reader, kind.model_validate)  # type: ignore[attr-defined]
    if is_typed_dict(kind):
        return _mapping(hint, None)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, names)
    return kind if issubclass(kind, enum.Enum) else _checked(hint, kind)


def _refused(hint: Any, value: Any) -> TypeError:
    return TypeError(f"expected {name_of(hint)}, got {'None' if value is None else type(value).__name__}")


def _checked(hint: Any, kind: type) -> Reader:
    def read(value: Any) -> Any:
        if not _is_kind(kind, type(value)):
            raise _refused(hint, value)
        return value

    return read


def _sequence(hint: Any, make: Callable[[Any], Any], item: Optional[Reader]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _refused(hint, value)
        return make(value if item is None else [item(one) for one in value])

    return read


def _mapping(hint: Any, item: Optional[Reader]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _refused(hint, value)
        return value if item is None else {key: item(one) for key, one in value.items()}

    return read


def _dataclass(kind: Any, names: Names) -> Reader:
    readers: Dict[str, Optional[Reader]] = {}  # filled when one is used: a dataclass may hold itself

    def field(name: str, value: Any) -> Any:
        read = readers.get(name)
        try:
            return value if read is None else read(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name}: {error}") from None

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _refused(kind, value)
        if not readers:
            readers.update((name, reader(hint, names)) for name, hint in (fields(kind, names) or {}).items())
        return kind(**{name: field(name, one) for name, one in value.items()})

    return read


def _any_of(hint: Any, readers: List[Optional[Reader]]) -> Reader:
    def read(value: Any) -> Any:
        for one in readers:
            try:
                return value if one is None else one(value)
            except (TypeError, ValueError):
                continue
        raise _refused(hint, value)

    return read


def resolve(hint: Any, names: Names, local_names: Names) -> Any:
    """Of text, and of text inside; raises whatever the expression does."""
    holder = type("Holder", (), {"__annotations__": {"hint": hint}})
    return typing.get_type_hints(holder, dict(names), dict(local_names))["hint"]
