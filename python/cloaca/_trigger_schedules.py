"""Event triggers: what a runner does with them."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from . import _cloaca
from ._arguments import boolean, text
from ._errors import ScheduleNotFound
from ._schedules import page
from ._triggers import Interval, Trigger, decorated, options_of


class TriggerSchedules:
    """The part of `DefaultRunner` that is about event triggers.

    Every call blocks for a read or a transaction, and may be made on any thread. A trigger is known by its name;
    `ScheduleNotFound` (a ValueError) with the nearest names for one that is not stored.
    """

    _core: _cloaca.Runner

    def _check_process(self) -> None:
        raise NotImplementedError

    def add_trigger(
        self,
        function: Callable[..., Any],
        workflow: Optional[str] = None,
        *,
        on: Optional[str] = None,
        name: Optional[str] = None,
        poll_interval: Optional[Interval] = None,
        allow_concurrent: Optional[bool] = None,
        cron: Optional[str] = None,
        timezone: Optional[str] = None,
    ) -> None:
        """A trigger more for this runner: a function that `@trigger` decorated after the runner was made, or, with a
        workflow, any function, which then is a trigger of this runner alone, such as that of one tenant.

        The other arguments are those of `trigger`. What is registered already keeps its state, and whether it is
        enabled. ValueError `Failed to register trigger: …`; StateError (a RuntimeError) if `enable_trigger_scheduling` is
        False.

        >>> with WorkflowBuilder("doc_add_trigger") as builder:
        ...     @task()
        ...     def work(context):
        ...         pass
        >>> def nothing_yet():
        ...     return TriggerResult.skip()
        >>> with DefaultRunner("sqlite::memory:") as runner:
        ...     runner.add_trigger(nothing_yet, "doc_add_trigger", poll_interval="2m")
        ...     trigger = runner.get_trigger_schedule("nothing_yet")
        ...     trigger["workflow_name"], trigger["poll_interval_ms"], trigger["enabled"]
        ('doc_add_trigger', 120000, True)
        """
        self._check_process()
        given = (on, name, poll_interval, allow_concurrent, cron, timezone)
        plain = _trigger(function, workflow, *given).plain
        if "cron" not in plain:
            return self._core.add_trigger(plain)
        self._core.add_cron(plain)
        return None

    def list_trigger_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[Dict[str, Any]]:
        """In the order of their registration, as `get_trigger_schedule` returns them; limit: 1 to 10 000, 100 if None.

        Those of the database, also those that only other processes poll, or none any more. Triggers with `cron` are
        cron schedules.
        """
        self._check_process()
        return self._core.list_triggers(
            False if enabled_only is None else boolean("enabled_only", enabled_only), *page(limit, offset)
        )

    def get_trigger_schedule(self, name: str) -> Optional[Dict[str, Any]]:
        """A dict with id, trigger_name, workflow_name, poll_interval_ms, allow_concurrent, enabled, last_poll_at (up to a
        few seconds old), last_run_at (when it fired last), error (why the last poll came to nothing; None: all is
        well), state (a dict), created_at, updated_at. Times are ISO 8601 in UTC. None: there is no trigger of this name.
        """
        self._check_process()
        try:
            return self._core.get_trigger(text("name", name))
        except ScheduleNotFound:
            return None

    def set_trigger_enabled(self, name: str, enabled: bool) -> None:
        """False pauses it: once this returns, nothing fires, also after a restart. True has it polled again.

        ValueError `Failed to update trigger schedule: …`.
        """
        self._check_process()
        self._core.enable_trigger(text("name", name), boolean("enabled", enabled))

    def delete_trigger_schedule(self, name: str) -> None:
        """With its state and its history; its executions stay. A program that has it and starts registers it anew.

        ValueError `Failed to delete trigger schedule: …`.
        """
        self._check_process()
        self._core.delete_trigger(text("name", name))

    def get_trigger_execution_history(
        self, name: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> List[Dict[str, Any]]:
        """What it has fired, and what it did not, newest first; limit: 1 to 10 000, 100 if None. Polls that found nothing
        have no line, and equal ones in a row have one.

        Dicts with id, schedule_id, polled_at, outcome ("fired"; "skipped": an execution with the same input was
        unfinished; "failed"), reason (why it did not fire), until and polls (of several in a row: the last one, and how
        many), context_hash (equal for equal inputs of one trigger), workflow_execution_id, started_at and completed_at
        (of the execution), created_at. None: there is none. ValueError `Failed to get trigger execution history: …`.
        """
        self._check_process()
        return self._core.trigger_history(text("name", name), *page(limit, offset))


def _trigger(function: Any, workflow: Optional[str], on: Optional[str], *others: Any) -> Trigger:
    if workflow is not None or on is not None:
        return Trigger(function, options_of(workflow, on, *others))
    found = decorated(function)
    if found is None:
        raise ValueError("add_trigger: the function is not decorated with @trigger; say which workflow it fires")
    if any(one is not None for one in others):
        raise ValueError("add_trigger: @trigger said how the function is polled; say it here with a workflow, or not at all")
    return found
