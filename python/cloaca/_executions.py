"""What `runner.list()` returns: dicts, and the data frame of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, List

#: The keys of each dict, in their order. Times are ISO 8601 in UTC, `duration` is seconds; None: there is none (yet).
COLUMNS = (
    "execution_id", "workflow_name", "version", "status", "priority", "error_message", "idempotency_key", "created_at",
    "start_after", "started_at", "completed_at", "duration",
)
_TIMES = ("created_at", "start_after", "started_at", "completed_at")
_TEXTS = ("execution_id", "workflow_name", "version", "error_message", "idempotency_key")
_STATES = ["Pending", "Running", "Paused", "Completed", "Failed", "Cancelled"]


class Executions(List[Dict[str, Any]]):
    """A list of dicts, which `json`, `csv` and `pandas.DataFrame` take as they are.

    >>> import cloaca
    >>> with cloaca.DefaultRunner("sqlite::memory:") as runner:
    ...     runner.list(status="Failed")
    []
    """

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with times, not text, in UTC, seconds as numbers and states in their order.

        The columns are there without a row too. ImportError if pandas is not installed.
        """
        pandas: Any = import_module("pandas")
        frame = pandas.DataFrame(list(self), columns=list(COLUMNS))
        for time in _TIMES:
            frame[time] = pandas.to_datetime(frame[time], utc=True).astype("datetime64[ns, UTC]")
        frame["status"] = pandas.Categorical(frame["status"], _STATES, ordered=True)
        return frame.astype({**dict.fromkeys(_TEXTS, "string"), "priority": "int16", "duration": "float64"})
