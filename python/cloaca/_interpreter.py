"""Refuses sub-interpreters, before the extension is loaded: its state belongs to the process."""

from importlib import import_module
from typing import Any


def _interpreters() -> Any:
    for name in ("_interpreters", "_xxsubinterpreters"):  # Python 3.13 and later; before
        try:
            return import_module(name)
        except ImportError:
            pass
    return None  # no sub-interpreters here


def _id(interpreter: Any) -> Any:
    return interpreter[0] if isinstance(interpreter, tuple) else interpreter


def _is_main() -> bool:
    known = _interpreters()
    return known is None or bool(_id(known.get_current()) == _id(known.get_main()))


if not _is_main():
    raise ImportError("cloaca does not work in a sub-interpreter; import it in the main interpreter")
