"""`DefaultRunnerConfig`: how a runner works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from . import _cloaca
from ._arguments import boolean, integer, text

_MOST = 2**62

# name -> (default, in milliseconds of the engine, name in the engine). Without a name in the engine: accepted and read
# back, without effect.
_FIELDS: dict[str, tuple[Any, int, str]] = {
    "max_concurrent_tasks": (4, 0, "max_concurrent_tasks"),
    "scheduler_poll_interval_ms": (100, 1, "scheduler_poll_interval"),
    "executor_poll_interval_ms": (100, 0, ""),
    "task_timeout_seconds": (300, 1000, "task_timeout"),
    "workflow_timeout_seconds": (3600, 1000, "workflow_timeout"),
    "db_pool_size": (10, 0, "db_pool_size"),
    "enable_recovery": (True, 0, "enable_recovery"),
    "enable_cron_scheduling": (True, 0, ""),
    "cron_poll_interval_seconds": (30, 0, ""),
    "cron_max_catchup_executions": (100, 0, ""),
    "cron_enable_recovery": (True, 0, ""),
    "cron_recovery_interval_seconds": (300, 0, ""),
    "cron_lost_threshold_minutes": (10, 0, ""),
    "cron_max_recovery_age_seconds": (86400, 0, ""),
    "cron_max_recovery_attempts": (3, 0, ""),
    "max_concurrent_async_tasks": (1000, 0, "max_concurrent_async_tasks"),
    "enable_trigger_scheduling": (True, 0, ""),
    "trigger_base_poll_interval_ms": (1000, 0, ""),
    "trigger_poll_timeout_ms": (30_000, 0, ""),
    "lease_ms": (15_000, 1, "lease"),
    "max_active_executions": (10_000, 0, "max_active_executions"),
    "max_crashes": (5, 0, "max_crashes"),
    "max_context_bytes": (16 << 20, 0, "max_context_bytes"),
    "runner_name": ("", 0, "runner_name"),
}
_ALIASES = {"pipeline_timeout_seconds": "workflow_timeout_seconds"}


class DefaultRunnerConfig:
    """All keywords are optional, None means the default; each is a property that can be set.

    max_concurrent_tasks: synchronous bodies at the same time. max_concurrent_async_tasks: the same of `async def`.
    scheduler_poll_interval_ms: backstop behind every wake-up. task_timeout_seconds, workflow_timeout_seconds: limits
    of what names none of its own, 0: none. db_pool_size: reader sessions. enable_recovery: whether this runner takes
    over from runners that died. lease_ms: a runner that was not heard of for so long is dead.

    Without effect, and there because programs name them: executor_poll_interval_ms, since nothing is polled; and until
    cron and triggers come, everything that begins with cron_, trigger_, enable_cron_ or enable_trigger_.

    >>> DefaultRunnerConfig(max_concurrent_tasks=8).max_concurrent_tasks
    8
    """

    __slots__ = ("_values",)

    if TYPE_CHECKING:  # made below, of the table above
        max_concurrent_tasks: int
        scheduler_poll_interval_ms: int
        executor_poll_interval_ms: int
        task_timeout_seconds: int
        workflow_timeout_seconds: int
        pipeline_timeout_seconds: int
        db_pool_size: int
        enable_recovery: bool
        enable_cron_scheduling: bool
        cron_poll_interval_seconds: int
        cron_max_catchup_executions: int
        cron_enable_recovery: bool
        cron_recovery_interval_seconds: int
        cron_lost_threshold_minutes: int
        cron_max_recovery_age_seconds: int
        cron_max_recovery_attempts: int
        max_concurrent_async_tasks: int
        enable_trigger_scheduling: bool
        trigger_base_poll_interval_ms: int
        trigger_poll_timeout_ms: int
        lease_ms: int
        max_active_executions: int
        max_crashes: int
        max_context_bytes: int
        runner_name: str

    def __init__(self, **settings: Any) -> None:
        self._values: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in _FIELDS and name not in _ALIASES:
                raise TypeError(f"DefaultRunnerConfig has no setting {name!r}; there are {', '.join(_FIELDS)}")
            self._set(name, value)

    @staticmethod
    def default() -> DefaultRunnerConfig:
        return DefaultRunnerConfig()

    def to_dict(self) -> dict[str, Any]:
        return {name: self._values.get(name, default) for name, (default, _, _) in _FIELDS.items()}

    def _set(self, name: str, value: Any) -> None:
        name = _ALIASES.get(name, name)
        if value is None:
            self._values.pop(name, None)
            return
        before = dict(self._values)
        self._values[name] = _checked(name, value)
        try:
            _cloaca.check_config(self._plain())
        except ValueError as error:
            self._values = before
            fields = [line.strip() for line in str(error).splitlines()[1:]]
            raise ValueError(f"Invalid configuration: {'; '.join(fields) or error}") from None

    def _plain(self) -> dict[str, Any]:
        """What was set, as the engine names and counts it."""
        plain: dict[str, Any] = {}
        for name, value in self._values.items():
            _, factor, known_as = _FIELDS[name]
            if known_as:
                plain[known_as] = value * factor if factor else value
        return plain

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DefaultRunnerConfig):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"DefaultRunnerConfig({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


def _checked(name: str, value: Any) -> Any:
    default = _FIELDS[name][0]
    if isinstance(default, bool):
        return boolean(name, value)
    if isinstance(default, str):
        return text(name, value)
    try:
        return integer(name, value, 0, _MOST // 1000)
    except ValueError as error:
        raise ValueError(f"Invalid configuration: {error}") from None


def _property(name: str) -> property:
    field = _ALIASES.get(name, name)

    def get(self: DefaultRunnerConfig) -> Any:
        return self._values.get(field, _FIELDS[field][0])

    def set_(self: DefaultRunnerConfig, value: Any) -> None:
        self._set(field, value)

    return property(get, set_)


for _name in (*_FIELDS, *_ALIASES):
    setattr(DefaultRunnerConfig, _name, _property(_name))


def config_of(config: Optional[DefaultRunnerConfig]) -> DefaultRunnerConfig:
    if config is None:
        return DefaultRunnerConfig()
    if not isinstance(config, DefaultRunnerConfig):
        raise TypeError(f"config: expected DefaultRunnerConfig or None, got {type(config).__name__}")
    return config
