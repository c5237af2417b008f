"""The workflows and triggers of this process, by name, and the runners that have to know them."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from importlib import import_module
from typing import TYPE_CHECKING, Optional

from ._errors import RunnerStopped, StateError, ValidationError

if TYPE_CHECKING:
    from ._runner import DefaultRunner
    from ._triggers import Trigger
    from ._workflows import Workflow

_lock = threading.RLock()
_workflows: dict[str, Workflow] = {}
_triggers: dict[str, Trigger] = {}
_runners: weakref.WeakSet[DefaultRunner] = weakref.WeakSet()


def _before_fork() -> None:
    """Another thread may be in the middle of a first import, whose lock nobody would release in the child."""
    import hashlib  # noqa: F401 - waits for it

    from . import _fit, _hints, _signatures  # noqa: F401

    for name in ("asyncio", "cloaca._event_loop", "cloaca._display", "cloaca._pictures", "concurrent.futures"):
        if name in sys.modules:  # to load them for this alone would take too long
            import_module(name)


def _after_fork() -> None:
    """The thread that held the lock is not in the child, nor do the runners live there."""
    global _lock, _runners
    _lock, _runners = threading.RLock(), weakref.WeakSet()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


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


def register_trigger(trigger: Trigger) -> None:
    """For runners that are made later. In place of an earlier one of this name only if it is that one, run again."""
    with _lock:
        earlier = _triggers.get(trigger.name)
        if earlier is not None and not trigger.stands_for(earlier):
            raise ValidationError(
                f"trigger '{trigger.name}' is declared twice: {earlier.place()} and {trigger.place()}; give one of them "
                "another name"
            )
        _triggers[trigger.name] = trigger


def triggers() -> list[Trigger]:
    with _lock:
        return list(_triggers.values())


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
