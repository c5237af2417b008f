"""Cron schedules: what a runner does with them, and `next_firings`."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from . import _cloaca
from ._arguments import boolean, integer, milliseconds, text, text_or
from ._errors import ValidationError
from ._times import Time, datetime_of, instant, now

if TYPE_CHECKING:
    from ._inputs import Input

_MOST = 10_000
_OFFSETS = 2**31 - 1


def next_firings(
    expression: str, timezone: Optional[str] = "UTC", start: Optional[Time] = None, count: Optional[int] = 5
) -> List[datetime.datetime]:
    """The next `count` times (1 to 10 000) after `start` (None: now) at which a cron expression fires, in UTC.

    Fewer if there are no more. Asks no database and no runner. timezone: an IANA name. ValueError says which field of the
    expression is wrong, or which zones are called alike.

    >>> times = next_firings("0 9 * * MON-FRI", "Europe/Paris", "2026-03-27T12:00:00+00:00", 2)
    >>> [str(time) for time in times]  # the clocks change in between
    ['2026-03-30 07:00:00+00:00', '2026-03-31 07:00:00+00:00']
    """
    found = _cloaca.next_firings(
        text("expression", expression),
        text_or("timezone", timezone, "UTC"),
        now() if start is None else instant("start", start),
        5 if count is None else integer("count", count, 1, _MOST),
    )
    return [time for time in map(datetime_of, found) if time is not None]


class CronSchedules:
    """The part of `DefaultRunner` that is about cron schedules.

    Every call blocks for a read or a transaction, and may be made on any thread. Ids are text; ValueError
    `Invalid schedule ID: …` for what is none, `ScheduleNotFound` (a ValueError) for one that is not stored. Points in
    time are datetimes with a time zone, or ISO 8601 text with an offset; ValueError `Invalid datetime format: …`.
    """

    _core: _cloaca.Runner

    def _check_process(self) -> None:
        raise NotImplementedError

    def register_cron_workflow(
        self,
        workflow_name: str,
        cron_expression: str,
        timezone: Optional[str] = "UTC",
        *,
        name: Optional[str] = None,
        catchup_policy: Optional[str] = None,
        overlap_policy: Optional[str] = None,
        jitter: Union[float, datetime.timedelta, None] = None,
        start: Optional[Time] = None,
        end: Optional[Time] = None,
        parameters: Input = None,
        enabled: Optional[bool] = None,
    ) -> str:
        """From now on any runner of this database that knows the workflow submits it when the expression says so.

        cron_expression: five fields (minute, hour, day of month, month, day of week), six with leading seconds, or
        `@daily` and the like. timezone: an IANA name. Returns the schedule's id. What is registered already
        (the same workflow and `name`; without a name the same workflow, expression and zone) keeps its id and whether
        it is enabled, and takes the rest from here: a program may register what it needs whenever it starts.

        catchup_policy: what becomes of instants that no runner could fire in time: "skip" (the default: they are
        missed), "run_once" (the latest fires), "run_all". overlap_policy: what becomes of one while the execution before
        it is unfinished: "allow" (the default), "skip", "queue". jitter: seconds, or a timedelta: each firing is late by
        a part of it. start, end: nothing fires before, nor after. parameters: given to each execution, beside
        `scheduled_time`, `schedule_id`, `schedule_timezone` and `schedule_expression`. enabled: False registers it
        paused.

        ValueError `Failed to register cron workflow: …` for an unknown workflow and all that is not acceptable.

        >>> with WorkflowBuilder("doc_cron") as builder:
        ...     @task()
        ...     def report(context):
        ...         print(context["scheduled_time"], context["region"])
        >>> with DefaultRunner("sqlite::memory:") as runner:
        ...     id = runner.register_cron_workflow(
        ...         "doc_cron", "0 9 * * MON-FRI", "Europe/Paris", jitter=60, parameters={"region": "north"}
        ...     )
        ...     schedule = runner.get_cron_schedule(id)
        ...     schedule["cron_expression"], schedule["timezone"], schedule["enabled"]
        ('0 9 * * MON-FRI', 'Europe/Paris', True)
        """
        self._check_process()
        options = {
            "timezone": text_or("timezone", timezone, "UTC"),
            "name": text_or("name", name, ""),
            "catchup_policy": text_or("catchup_policy", catchup_policy, "skip"),
            "overlap_policy": text_or("overlap_policy", overlap_policy, "allow"),
            "jitter_ms": 0 if jitter is None else _jitter(jitter),
            "start": None if start is None else instant("start", start),
            "end": None if end is None else instant("end", end),
            "parameters": parameters,
            "enabled": True if enabled is None else boolean("enabled", enabled),
        }
        return self._core.register_cron(
            text("workflow_name", workflow_name), text("cron_expression", cron_expression), options
        )

    def list_cron_schedules(
        self, enabled_only: Optional[bool] = False, limit: Optional[int] = 100, offset: Optional[int] = 0
    ) -> List[Dict[str, Any]]:
        """In the order of their registration, as `get_cron_schedule` returns them; limit: 1 to 10 000."""
        self._check_process()
        return self._core.list_cron(
            False if enabled_only is None else boolean("enabled_only", enabled_only), *page(limit, offset)
        )

    def get_cron_schedule(self, schedule_id: str) -> Dict[str, Any]:
        """A dict with id, workflow_name, cron_expression, timezone, name, enabled, catchup_policy, overlap_policy,
        jitter (seconds), start, end, parameters (a dict), next_run_at, last_run_at, error (why it does not fire though it
        is due), created_at, updated_at. Times are ISO 8601 in UTC; None: there is none.

        ValueError `Failed to get cron schedule: …`.
        """
        self._check_process()
        return self._core.get_cron(text("schedule_id", schedule_id))

    def update_cron_schedule(self, schedule_id: str, cron_expression: str, timezone: str) -> None:
        """Another expression and zone, from now on; all else stays. ValueError `Failed to update cron schedule: …`."""
        self._check_process()
        self._core.update_cron(
            text("schedule_id", schedule_id), text("cron_expression", cron_expression), text("timezone", timezone)
        )

    def set_cron_schedule_enabled(self, schedule_id: str, enabled: bool) -> None:
        """False pauses it: once this returns, nothing fires. True resumes it: what came meanwhile is missed."""
        self._check_process()
        self._core.enable_cron(text("schedule_id", schedule_id), boolean("enabled", enabled))

    def delete_cron_schedule(self, schedule_id: str) -> None:
        """With its history; its executions stay. ValueError `Failed to delete cron schedule: …`."""
        self._check_process()
        self._core.delete_cron(text("schedule_id", schedule_id))

    def trigger_cron_schedule(self, schedule_id: str) -> Optional[str]:
        """Fires it now, also if it is paused, beside its own instants.

        Returns the id of the execution; None if its overlap policy "queue" lets it wait. StateError (a RuntimeError) if
        that is "skip" and the execution before it is unfinished.
        """
        self._check_process()
        return self._core.trigger_cron(text("schedule_id", schedule_id))

    def backfill_cron_schedule(self, schedule_id: str, start: Time, end: Time) -> List[str]:
        """Submits the instants from `start` to `end`, both included, that have not fired; the ids of the executions.

        At once, whatever the overlap policy. ValueError for an end in the future or before the start, and for more than
        10 000 instants.

        >>> with WorkflowBuilder("doc_backfill") as builder:
        ...     @task()
        ...     def report(context):
        ...         pass
        >>> with DefaultRunner("sqlite::memory:") as runner:
        ...     id = runner.register_cron_workflow("doc_backfill", "@daily")
        ...     week = ("2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z")
        ...     len(runner.backfill_cron_schedule(id, *week)), len(runner.backfill_cron_schedule(id, *week))
        (7, 0)
        """
        self._check_process()
        return self._core.backfill_cron(text("schedule_id", schedule_id), instant("start", start), instant("end", end))

    def get_cron_execution_history(
        self, schedule_id: str, limit: Optional[int] = 100, offset: Optional[int] = 0
    ) -> List[Dict[str, Any]]:
        """What became of its instants, newest first; limit: 1 to 10 000.

        Dicts with id, schedule_id, scheduled_time (the instant of the expression, without jitter), outcome ("fired",
        "queued", "skipped", "missed"), reason (why it did not fire), until and instants (of many that were missed: the
        last one, and how many; None: more than 1 000), workflow_execution_id (also as pipeline_execution_id; None if
        there is none), and claimed_at, created_at, updated_at, which are all when this was stored.
        """
        self._check_process()
        return self._core.cron_history(text("schedule_id", schedule_id), *page(limit, offset))

    def get_cron_execution_stats(self, since_iso: Time) -> Dict[str, Any]:
        """Of all schedules together, what was stored since then.

        A dict with total_executions (that have fired), successful_executions (of those: Completed), lost_executions (of
        those: no longer stored), success_rate (percent; 0 if nothing has fired), skipped and missed (instants).
        """
        self._check_process()
        return self._core.cron_stats(instant("since_iso", since_iso))


def page(limit: Optional[int], offset: Optional[int]) -> tuple[int, int]:
    return (
        100 if limit is None else integer("limit", limit, 1, _MOST),
        0 if offset is None else integer("offset", offset, 0, _OFFSETS),
    )


def _jitter(value: Union[float, datetime.timedelta]) -> int:
    seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else value
    try:
        return milliseconds("jitter", seconds)
    except ValueError as error:
        raise ValidationError(f"Failed to register cron workflow: {error}") from None
