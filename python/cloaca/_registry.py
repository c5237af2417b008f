"""The workflows of this process, by name, and the runners that have to know them."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Optional

from ._errors import RunnerStopped, StateError

if TYPE_CHECKING:
    from ._runner import DefaultRunner
    from ._workflows import Workflow

_lock = threading.RLock()
_workflows: dict[str, Workflow] = {}
_runners: weakref.WeakSet[DefaultRunner] = weakref.WeakSet()


def register(workflow: Workflow) -> None:
    """In place of an earlier one of this name; every runner that lives hears of it."""
    with _lock:
        _workflows[workflow.name] = workflow
        for runner in list(_runners):
            _tell(runner, workflow)


def find(name: str) -> Optional[Workflow]:
    with _lock:
        return _workflows.get(name)


def known() -> dict[str, Workflow]:
    with _lock:
        return dict(_workflows)


def enlist(runner: DefaultRunner, known_to_it: dict[str, Workflow]) -> None:
    """From now on it hears of new ones; of those that came while it was made, now."""
    with _lock:
        _runners.add(runner)
        for name, workflow in _workflows.items():
            if known_to_it.get(name) is not workflow:
                _tell(runner, workflow)


def runners() -> list[DefaultRunner]:
    with _lock:
        return list(_runners)


def _tell(runner: DefaultRunner, workflow: Workflow) -> None:
    try:
        runner._core.add_workflow(workflow._core)
    except (RunnerStopped, StateError):
        _runners.discard(runner)  # it is shut down, or its parent's
