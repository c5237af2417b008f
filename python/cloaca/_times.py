"""Points in time, as programs write them and as the engine counts them: microseconds since 1970."""

from __future__ import annotations

import datetime
from typing import Any, Optional, Union

from ._arguments import text
from ._errors import ValidationError

#: A datetime with a time zone, or ISO 8601 text with an offset from UTC.
Time = Union[datetime.datetime, str]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


def now() -> int:
    return (datetime.datetime.now(datetime.timezone.utc) - _EPOCH) // _MICROSECOND


def instant(what: str, value: Any) -> int:
    """ValidationError names the argument `what`, TypeError too."""
    time = value if isinstance(value, datetime.datetime) else _read(text(what, value))
    if time is None or time.utcoffset() is None:
        raise ValidationError(
            f"Invalid datetime format: {what} is {str(value)[:64]!r}; expected ISO 8601 with an offset from UTC, such as "
            "2026-03-29T01:00:00+00:00, or a datetime with a time zone"
        )
    return (time - _EPOCH) // _MICROSECOND


def datetime_of(microseconds: int) -> Optional[datetime.datetime]:
    """In UTC; None beyond the year 9999, where datetime ends."""
    try:
        return _EPOCH + microseconds * _MICROSECOND
    except OverflowError:
        return None


def _read(value: str) -> Optional[datetime.datetime]:
    if value.endswith(("z", "Z")):  # not known before Python 3.11
        value = value[:-1] + "+00:00"
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
