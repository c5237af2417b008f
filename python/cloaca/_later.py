"""Names that programs import today and that work from a later version on."""

from __future__ import annotations

from typing import Any, NoReturn, Optional

from ._cloaca import __version__


def comes_later(what: str) -> NoReturn:
    raise NotImplementedError(f"{what} is not available in version {__version__}: it comes with a later one")


class CronAndTriggers:
    """What a runner can do about schedules and event triggers, from a later version on."""

    def register_cron_workflow(
        self, workflow_name: str, cron_expression: str, timezone: Optional[str] = "UTC", **options: Any
    ) -> str:
        """Comes with a later version."""
        comes_later("register_cron_workflow (cron schedules)")

    def list_cron_schedules(
        self, enabled_only: Optional[bool] = False, limit: Optional[int] = 100, offset: Optional[int] = 0
    ) -> list[dict[str, Any]]:
        """Comes with a later version."""
        comes_later("list_cron_schedules (cron schedules)")

    def get_cron_schedule(self, schedule_id: str) -> dict[str, Any]:
        """Comes with a later version."""
        comes_later("get_cron_schedule (cron schedules)")

    def update_cron_schedule(self, schedule_id: str, cron_expression: str, timezone: Optional[str] = "UTC") -> None:
        """Comes with a later version."""
        comes_later("update_cron_schedule (cron schedules)")

    def set_cron_schedule_enabled(self, schedule_id: str, enabled: bool) -> None:
        """Comes with a later version."""
        comes_later("set_cron_schedule_enabled (cron schedules)")

    def delete_cron_schedule(self, schedule_id: str) -> None:
        """Comes with a later version."""
        comes_later("delete_cron_schedule (cron schedules)")

    def get_cron_execution_history(
        self, schedule_id: str, limit: Optional[int] = 100, offset: Optional[int] = 0
    ) -> list[dict[str, Any]]:
        """Comes with a later version."""
        comes_later("get_cron_execution_history (cron schedules)")

    def get_cron_execution_stats(self, since: str) -> dict[str, Any]:
        """Comes with a later version."""
        comes_later("get_cron_execution_stats (cron schedules)")

    def list_trigger_schedules(
        self, enabled_only: Optional[bool] = None, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> list[dict[str, Any]]:
        """Comes with a later version."""
        comes_later("list_trigger_schedules (event triggers)")

    def get_trigger_schedule(self, name: str) -> Optional[dict[str, Any]]:
        """Comes with a later version."""
        comes_later("get_trigger_schedule (event triggers)")

    def set_trigger_enabled(self, name: str, enabled: bool) -> None:
        """Comes with a later version."""
        comes_later("set_trigger_enabled (event triggers)")

    def get_trigger_execution_history(
        self, name: str, limit: Optional[int] = None, offset: Optional[int] = None
    ) -> list[dict[str, Any]]:
        """Comes with a later version."""
        comes_later("get_trigger_execution_history (event triggers)")
