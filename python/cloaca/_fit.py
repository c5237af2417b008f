"""Whether what tasks take fits what the tasks before them give, as far as type hints say."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from . import _cloaca
from ._hints import accepts, name_of
from ._signatures import Signature


class _Graph:
    def __init__(self, signatures: Mapping[str, Optional[Signature]], core: _cloaca.Workflow) -> None:
        self._signatures = signatures
        self._before: Dict[str, Set[str]] = {}
        for task in core.topological_sort():
            direct = core.dependencies(task)
            self._before[task] = set(direct).union(*(self._before[one] for one in direct))

    def _given_by(self, task: str, key: str) -> bool:
        signature = self._signatures[task]
        return signature is not None and key in signature.gives

    def writers(self, task: str, key: str) -> List[str]:
        """Those before it that declare the key, without those whose value another one of them replaces."""
        found = [one for one in self._before[task] if self._given_by(one, key)]
        return sorted(one for one in found if not any(one in self._before[other] for other in found))

    def is_input(self, task: str, key: str) -> bool:
        """Whether no task before it can have put the key."""
        signatures = [self._signatures[one] for one in self._before[task]]
        return all(one is not None and not one.gives_more and key not in one.gives for one in signatures)


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
