"""Checks of arguments: TypeError says which one, what was expected, and what was given."""

from __future__ import annotations

import math
from typing import Any, Optional


def wrong_type(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name}: expected {expected}, got {type(value).__name__}")


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(name, "str", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name}: it holds a lone surrogate; expected text that is valid UTF-8") from None
    return value


def text_or(name: str, value: Any, default: str) -> str:
    return default if value is None else text(name, value)


def name(what: str, value: Any) -> str:
    if not text(what, value):
        raise ValueError(f"{what} must not be empty")
    return str(value)


def integer(what: str, value: Any, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(what, "int", value)
    if not lowest <= value <= highest:
        raise ValueError(f"{what} is {_shown(value)}; expected {lowest} to {highest}")
    return int(value)


def boolean(what: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(what, "bool", value)
    return value


def number(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(what, "a number", value)
    real = as_float(what, value)
    if not math.isfinite(real):
        raise ValueError(f"{what} is {value}; expected a finite number")
    return real


def as_float(what: str, value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{what} is {_shown(value)}; expected a number that fits into a float") from None


def _shown(value: float) -> str:
    """Digits that fill pages are not shown; Python itself refuses to write very many."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    return str(value)


LONGEST_MS = 100 * 365 * 24 * 3600 * 1000  # no duration of the engine is longer


def milliseconds(what: str, seconds: Any) -> int:
    """A duration in seconds as the engine counts: whole milliseconds, and never none of more than nothing."""
    value = number(what, seconds)
    if not 0 <= value * 1000 <= LONGEST_MS:
        raise ValueError(f"{what} is {seconds} s; expected 0 to 100 years")
    return max(round(value * 1000), 1 if value > 0 else 0)


def timeout(value: Any) -> Optional[float]:
    """Seconds to wait; None: for ever."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type("timeout", "seconds as a number, or None", value)
    seconds = as_float("timeout", value)
    if math.isnan(seconds):
        raise ValueError("timeout is NaN; expected seconds as a number, or None")
    return seconds
