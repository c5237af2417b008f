"""Event triggers: names for programs that import them; they work from a later version on."""

from __future__ import annotations

from typing import Any, Optional, Union

from ._arguments import wrong_type
from ._cloaca import Context
from ._later import comes_later


class TriggerResult:
    """What a trigger's function returns.

    >>> TriggerResult.skip(), TriggerResult.fire({"file": "a.csv"}).is_fire_result()
    (TriggerResult.Skip, True)
    """

    __slots__ = ("_context", "_fires")

    def __init__(self, fires: bool, context: Optional[Context]) -> None:
        self._fires, self._context = fires, context

    @staticmethod
    def skip() -> TriggerResult:
        return TriggerResult(False, None)

    @staticmethod
    def fire(context: Union[Context, dict[str, Any], None] = None) -> TriggerResult:
        if context is not None and not isinstance(context, (Context, dict)):
            raise wrong_type("context", "Context, dict or None", context)
        return TriggerResult(True, Context(context) if isinstance(context, dict) else context)

    def is_fire_result(self) -> bool:
        return self._fires

    def is_skip_result(self) -> bool:
        return not self._fires

    def __repr__(self) -> str:
        if not self._fires:
            return "TriggerResult.Skip"
        return f"TriggerResult.Fire({'None' if self._context is None else '<context>'})"


def trigger(
    workflow: Optional[str] = None,
    *,
    on: Optional[str] = None,
    name: Optional[str] = None,
    poll_interval: Optional[str] = "5s",
    allow_concurrent: Optional[bool] = False,
    cron: Optional[str] = None,
    timezone: Optional[str] = None,
) -> Any:
    """Comes with a later version.

    >>> trigger("import")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    NotImplementedError: trigger is not available in version ...
    """
    comes_later("trigger")
