"""The engine's log records as those of `logging.getLogger("cloacina")`."""

from __future__ import annotations

import logging

_logger = logging.getLogger("cloacina")


def handle(level: int, created: float, thread: int, text: str) -> None:
    """Called by a thread that is there for it; the engine does not wait."""
    if not _logger.isEnabledFor(level):
        return
    record = _logger.makeRecord(_logger.name, level, "(engine)", 0, text, (), None, "engine")
    # When and where it was said, not when it arrived.
    record.relativeCreated += (created - record.created) * 1000
    record.created, record.msecs = created, (created - int(created)) * 1000
    record.thread, record.threadName = thread, "cloacina"
    _logger.handle(record)
