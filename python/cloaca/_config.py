"""`DefaultRunnerConfig`: how a runner works."""

from __future__ import annotations

from typing import Any, Generic, Optional, TypeVar, Union, overload

from . import _cloaca
from ._arguments import LONGEST_MS, boolean, integer, text, wrong_type
from ._later import comes_later

_HOUR_MS = 3_600_000
_COUNT = (0, 2**31 - 1)
_MS = (0, LONGEST_MS)
_SECONDS = (0, LONGEST_MS // 1000)
_MINUTES = (0, LONGEST_MS // 60_000)

Value = TypeVar("Value", int, bool, str)


class Setting(Generic[Value]):
    """One of them: its default, the least and the most of a number, and how the engine knows it: by which name, and how many of its units one is.

    Without a name in the engine it is accepted and read back, without effect.
    """

    def __init__(
        self, default: Value, allowed: tuple[int, int] = _COUNT, known_as: str = "", units: int = 1
    ) -> None:
        self.default: Value = default
        self.allowed, self.known_as, self.units = allowed, known_as, units

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        _SETTINGS.setdefault(name, self)

    @overload
    def __get__(self, config: None, owner: Any = None) -> Setting[Value]: ...
    @overload
    def __get__(self, config: DefaultRunnerConfig, owner: Any = None) -> Value: ...
    def __get__(self, config: Optional[DefaultRunnerConfig], owner: Any = None) -> Union[Setting[Value], Value]:
        if config is None:
            return self
        value: Value = config._values.get(self.name, self.default)
        return value

    def __set__(self, config: DefaultRunnerConfig, value: Optional[Value]) -> None:
        config._set(self.name, value)

    def checked(self, value: Any) -> Any:
        if isinstance(self.default, bool):
            return boolean(self.name, value)
        if isinstance(self.default, str):
            return text(self.name, value)
        try:
            return integer(self.name, value, *self.allowed)
        except ValueError as error:
            raise ValueError(f"Invalid configuration: {error}") from None

    def plain(self, value: Any) -> Any:
        return value * self.units if self.units != 1 else value


class Fixed(Setting[Value]):
    """One that this version has at its default alone."""

    def checked(self, value: Any) -> Any:
        if isinstance(self.default, bool):
            boolean(self.name, value)
        if value != self.default:
            comes_later(f"{self.name}={value!r}")
        return value


_SETTINGS: dict[str, Setting[Any]] = {}


class DefaultRunnerConfig:
    """All keywords are optional, None means the default; each is a property that can be set.

    max_concurrent_tasks: synchronous bodies at the same time. max_concurrent_async_tasks: the same of `async def`.
    scheduler_poll_interval_ms: backstop behind every wake-up. task_timeout_seconds, workflow_timeout_seconds: limits
    of what names none of its own, 0: none. db_pool_size: reader sessions. enable_recovery: whether this runner takes
    over from runners that died. lease_ms: a runner that was not heard of for so long is dead.

    enable_cron_scheduling: whether this runner fires cron schedules. cron_max_catchup_executions: so many instants of
    one schedule fire at once, where its catch-up policy is "run_all" (1 to 10 000). enable_trigger_scheduling: whether this
    runner registers and polls event triggers. trigger_poll_timeout_ms: limit of one poll of a trigger, 0: none.

    Without effect, and there because programs name them: executor_poll_interval_ms and cron_poll_interval_seconds, since
    a runner sleeps until something is due; trigger_base_poll_interval_ms, since each trigger has an interval of its own;
    cron_enable_recovery, cron_recovery_interval_seconds, cron_lost_threshold_minutes, cron_max_recovery_age_seconds and
    cron_max_recovery_attempts, since a firing and its execution are stored by one transaction, so that none can be lost
    between.

    At their defaults alone until a later version: allow_unsafe_durability, prepared_statements, retention.

    >>> config = DefaultRunnerConfig(max_concurrent_tasks=8)
    >>> config.lease_ms = 5_000
    >>> config.max_concurrent_tasks, config.lease_ms, config.db_pool_size
    (8, 5000, 10)
    """

    __slots__ = ("_values",)

    max_concurrent_tasks = Setting(4, (1, 1024), "max_concurrent_tasks")
    scheduler_poll_interval_ms = Setting(100, (1, _HOUR_MS), "scheduler_poll_interval")
    executor_poll_interval_ms = Setting(100, _MS)
    task_timeout_seconds = Setting(300, _SECONDS, "task_timeout", 1000)
    workflow_timeout_seconds = Setting(3600, _SECONDS, "workflow_timeout", 1000)
    db_pool_size = Setting(10, (1, 1000), "db_pool_size")
    enable_recovery = Setting(True, known_as="enable_recovery")
    enable_cron_scheduling = Setting(True, known_as="enable_cron_scheduling")
    cron_poll_interval_seconds = Setting(30, _SECONDS)
    cron_max_catchup_executions = Setting(100, (1, 10_000), "cron_max_catchup_executions")
    cron_enable_recovery = Setting(True)
    cron_recovery_interval_seconds = Setting(300, _SECONDS)
    cron_lost_threshold_minutes = Setting(10, _MINUTES)
    cron_max_recovery_age_seconds = Setting(86_400, _SECONDS)
    cron_max_recovery_attempts = Setting(3)
    max_concurrent_async_tasks = Setting(1000, (1, 1_000_000), "max_concurrent_async_tasks")
    enable_trigger_scheduling = Setting(True, known_as="enable_trigger_scheduling")
    trigger_base_poll_interval_ms = Setting(1000, _MS)
    trigger_poll_timeout_ms = Setting(30_000, _MS, "trigger_poll_timeout")
    lease_ms = Setting(15_000, (100, _HOUR_MS), "lease")
    max_active_executions = Setting(10_000, (1, 10_000_000), "max_active_executions")
    max_crashes = Setting(5, (3, 100), "max_crashes")
    allow_unsafe_durability = Fixed(False)
    prepared_statements = Fixed(True)
    max_context_bytes = Setting(16 << 20, (1024, 1 << 30), "max_context_bytes")
    retention: Setting[Any] = Fixed(None)
    runner_name = Setting("", known_as="runner_name")

    def __init__(
        self,
        *,
        max_concurrent_tasks: Optional[int] = None,
        scheduler_poll_interval_ms: Optional[int] = None,
        executor_poll_interval_ms: Optional[int] = None,
        task_timeout_seconds: Optional[int] = None,
        workflow_timeout_seconds: Optional[int] = None,
        pipeline_timeout_seconds: Optional[int] = None,
        db_pool_size: Optional[int] = None,
        enable_recovery: Optional[bool] = None,
        enable_cron_scheduling: Optional[bool] = None,
        cron_poll_interval_seconds: Optional[int] = None,
        cron_max_catchup_executions: Optional[int] = None,
        cron_enable_recovery: Optional[bool] = None,
        cron_recovery_interval_seconds: Optional[int] = None,
        cron_lost_threshold_minutes: Optional[int] = None,
        cron_max_recovery_age_seconds: Optional[int] = None,
        cron_max_recovery_attempts: Optional[int] = None,
        max_concurrent_async_tasks: Optional[int] = None,
        enable_trigger_scheduling: Optional[bool] = None,
        trigger_base_poll_interval_ms: Optional[int] = None,
        trigger_poll_timeout_ms: Optional[int] = None,
        lease_ms: Optional[int] = None,
        max_active_executions: Optional[int] = None,
        max_crashes: Optional[int] = None,
        allow_unsafe_durability: Optional[bool] = None,
        prepared_statements: Optional[bool] = None,
        max_context_bytes: Optional[int] = None,
        retention: None = None,
        runner_name: Optional[str] = None,
    ) -> None:
        given = dict(locals())  # of exactly the names above
        del given["self"]
        self._values: dict[str, Any] = {}
        for name, value in given.items():
            if value is not None:
                setattr(self, name, value)

    @property
    def pipeline_timeout_seconds(self) -> int:
        """Another name of `workflow_timeout_seconds`."""
        return self.workflow_timeout_seconds

    @pipeline_timeout_seconds.setter
    def pipeline_timeout_seconds(self, value: Optional[int]) -> None:
        self._set("workflow_timeout_seconds", value)

    @staticmethod
    def default() -> DefaultRunnerConfig:
        return DefaultRunnerConfig()

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SETTINGS}

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self._values.pop(name, None)
            return
        before = dict(self._values)
        self._values[name] = _SETTINGS[name].checked(value)
        try:
            _cloaca.check_config(self._plain())
        except ValueError as error:
            self._values = before
            fields = [line.strip() for line in str(error).splitlines()[1:]]
            raise ValueError(f"Invalid configuration: {'; '.join(fields) or error}") from None

    def _plain(self) -> dict[str, Any]:
        """What was set, as the engine names and counts it."""
        settings = ((_SETTINGS[name], value) for name, value in self._values.items())
        return {setting.known_as: setting.plain(value) for setting, value in settings if setting.known_as}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DefaultRunnerConfig):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"DefaultRunnerConfig({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


def config_of(config: Optional[DefaultRunnerConfig]) -> DefaultRunnerConfig:
    if config is None:
        return DefaultRunnerConfig()
    if not isinstance(config, DefaultRunnerConfig):
        raise wrong_type("config", "DefaultRunnerConfig or None", config)
    return config
