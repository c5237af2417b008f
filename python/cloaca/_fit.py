"""Whether what tasks take fits what the tasks before them give, as far as type hints say."""

from __future__ import annotations

import enum
import typing
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from . import _cloaca
from ._hints import fields, is_kind, is_mapping, is_sequence, item_of, members, name_of, plain, value_of
from ._signatures import Signature

_SCALARS = (bool, int, float, str, type(None))


def accepts(wanted: Any, given: Any) -> bool:
    """Whether what is written as `given` can be read as `wanted`: both are the same JSON between."""
    wanted, given = plain(wanted), plain(given)
    if any(one is Any or one is object for one in (wanted, given)):
        return True
    some = members(given)
    if some is not None:
        return all(accepts(wanted, one) for one in some)
    some = members(wanted)
    if some is not None:
        return any(accepts(one, given) for one in some)
    wants, gives = typing.get_origin(wanted) or wanted, typing.get_origin(given) or given
    shapes = _shape(wants), _shape(gives)
    if "" in shapes:
        return True
    if shapes == ("list", "list"):
        return accepts(item_of(wanted), item_of(given))
    if shapes == ("dict", "dict"):
        return accepts(value_of(wanted), value_of(given))
    return shapes[0] == shapes[1] and (shapes[0] != "scalar" or is_kind(wants, gives))


def _shape(kind: Any) -> str:
    """In JSON; "" if that is not known: a model writes a date as text, an Enum may be anything."""
    if not isinstance(kind, type) or issubclass(kind, enum.Enum):
        return ""
    if is_sequence(kind):
        return "list"
    if is_mapping(kind) or fields(kind) is not None:
        return "dict"
    return "scalar" if issubclass(kind, _SCALARS) else ""


class _Graph:
    def __init__(self, signatures: Mapping[str, Optional[Signature]], core: _cloaca.Workflow) -> None:
        self._signatures = signatures
        # Each behind what it depends on.
        self._direct = {task: core.dependencies(task) for task in core.topological_sort()}
        self._nearest: Dict[str, Dict[str, Set[str]]] = {}

    def _given_by(self, task: str, key: str) -> bool:
        signature = self._signatures[task]
        return signature is not None and key in signature.gives

    def _may_give(self, task: str, key: str) -> bool:
        signature = self._signatures[task]
        return signature is None or signature.gives_more or key in signature.gives

    def _nearest_writers(self, key: str) -> Dict[str, Set[str]]:
        """By task: the first that may put the key on each way back."""
        if key not in self._nearest:
            nearest: Dict[str, Set[str]] = {}
            for task, direct in self._direct.items():
                ways = ({one} if self._may_give(one, key) else nearest[one] for one in direct)
                nearest[task] = set().union(*ways)
            self._nearest[key] = nearest
        return self._nearest[key]

    def _before(self, tasks: Set[str]) -> Set[str]:
        found: Set[str] = set()
        left = list(tasks)
        while left:
            for one in self._direct[left.pop()]:
                if one not in found:
                    found.add(one)
                    left.append(one)
        return found

    def writers(self, task: str, key: str) -> List[str]:
        """Those before it that declare the key, without those whose value a task between them may replace."""
        last = self._nearest_writers(key)[task]
        if len(last) > 1:
            last = last - self._before(last)
        return sorted(one for one in last if self._given_by(one, key))

    def is_input(self, task: str, key: str) -> bool:
        """Whether no task before it can have put the key."""
        return not self._nearest_writers(key)[task]


def check(signatures: Mapping[str, Optional[Signature]], core: _cloaca.Workflow) -> Tuple[Dict[str, Any], List[str]]:
    """The inputs of the workflow, key -> hint; and sentences on what does not fit."""
    known = {task: signature for task, signature in signatures.items() if signature is not None}
    graph = _Graph(signatures, core)
    inputs: Dict[str, Any] = {}
    problems: List[str] = []
    for task, signature in known.items():
        for key, wanted in signature.takes.items():
            for writer in graph.writers(task, key):
                given = known[writer].gives[key]
                if not accepts(wanted, given):
                    problems.append(
                        f"type of a key: task '{task}' takes '{key}' as {name_of(wanted)}, but task '{writer}' gives "
                        f"it as {name_of(given)}"
                    )
            if graph.is_input(task, key):
                inputs.setdefault(key, wanted)
    return inputs, problems
