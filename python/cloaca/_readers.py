"""Makes of JSON what a type hint says. What is not understood is let pass."""

from __future__ import annotations

import dataclasses
import enum
import typing
from typing import Any, Callable, Dict, List, Literal, Optional, Sequence, Tuple

from . import _hints
from ._hints import Names, name_of, plain

Reader = Callable[[Any], Any]


def reader(hint: Any, names: Names) -> Optional[Reader]:
    """Of a value; the reader raises TypeError or ValueError. None: the value is what the hint says already."""
    hint = plain(hint)
    if hint is Any or hint is object:
        return None
    some = _hints.members(hint)
    if some is not None:
        return _any_of(hint, [reader(one, names) for one in some])
    kind = typing.get_origin(hint) or hint
    if kind is Literal:
        return _literal(hint)
    return _of_kind(hint, kind, names) if isinstance(kind, type) else None


def _of_kind(hint: Any, kind: Any, names: Names) -> Optional[Reader]:
    if _hints.is_model(kind):
        return typing.cast(Reader, kind.model_validate)
    if _hints.is_sequence(kind):
        return _sequence(hint, kind, names)
    if _hints.is_typed_dict(kind):
        return _typed_dict(kind, names)
    if _hints.is_mapping(kind):
        return _mapping(hint, reader(_hints.value_of(hint), names))
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, names)
    return kind if issubclass(kind, enum.Enum) else _checked(hint, kind)


def _refused(hint: Any, value: Any) -> TypeError:
    return TypeError(f"expected {name_of(hint)}, got {'None' if value is None else type(value).__name__}")


def _checked(hint: Any, kind: type) -> Reader:
    def read(value: Any) -> Any:
        if not _hints.is_kind(kind, type(value)):
            raise _refused(hint, value)
        return value

    return read


def _literal(hint: Any) -> Reader:
    """An Enum's member is its value in JSON."""
    known = [(getattr(one, "value", one) if isinstance(one, enum.Enum) else one, one) for one in typing.get_args(hint)]

    def read(value: Any) -> Any:
        for json, one in known:
            if type(value) is type(json) and value == json:  # True == 1
                return one
        raise TypeError(f"expected {name_of(hint)}, got {value!r}")

    return read


def _sequence(hint: Any, kind: Any, names: Names) -> Reader:
    if hasattr(kind, "_fields"):  # NamedTuple, which is a list in JSON
        hints = _hints.hints_in(kind, names)
        return _fixed(hint, lambda items: kind(*items), [(name, hints.get(name, Any)) for name in kind._fields], names)
    arguments = typing.get_args(hint)
    if kind is tuple and arguments and arguments[-1] is not Ellipsis and arguments != ((),):
        return _fixed(hint, tuple, [(str(at), one) for at, one in enumerate(arguments)], names)
    make = kind if issubclass(kind, (list, tuple)) else list
    item = reader(_hints.item_of(hint), names)

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _refused(hint, value)
        return make(value if item is None else [item(one) for one in value])

    return read


def _fixed(hint: Any, make: Callable[[Any], Any], items: Sequence[Tuple[str, Any]], names: Names) -> Reader:
    parts = _Parts(lambda: dict(items), names)

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _refused(hint, value)
        # Those that are not there may have defaults.
        if len(value) > len(items) or (make is tuple and len(value) < len(items)):
            raise TypeError(f"expected {name_of(hint)}, got {len(value)} items")
        return make([parts.read(name, one) for (name, _), one in zip(items, value)])

    return read


def _mapping(hint: Any, item: Optional[Reader]) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _refused(hint, value)
        return value if item is None else {key: item(one) for key, one in value.items()}

    return read


class _Parts:
    """Readers by name, made when one is used: what has fields may hold itself."""

    def __init__(self, hints: Callable[[], Optional[Dict[str, Any]]], names: Names) -> None:
        self._hints, self._names = hints, names
        self._readers: Optional[Dict[str, Optional[Reader]]] = None

    def read(self, name: str, value: Any) -> Any:
        if self._readers is None:
            self._readers = {key: reader(hint, self._names) for key, hint in (self._hints() or {}).items()}
        read = self._readers.get(name)
        try:
            return value if read is None else read(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name}: {error}") from None


def _typed_dict(kind: Any, names: Names) -> Reader:
    parts = _Parts(lambda: _hints.fields(kind, names), names)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _refused(kind, value)
        return {key: parts.read(key, one) for key, one in value.items()}

    return read


def _dataclass(kind: Any, names: Names) -> Reader:
    parts = _Parts(lambda: _hints.fields(kind, names), names)
    known = {field.name: field.init for field in dataclasses.fields(kind)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _refused(kind, value)
        # Others are those of a class that is derived from it, say.
        made = {key: parts.read(key, one) for key, one in value.items() if key in known}
        instance = kind(**{key: one for key, one in made.items() if known[key]})
        for key, one in made.items():
            if not known[key]:
                object.__setattr__(instance, key, one)  # it may be frozen
        return instance

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
