"""Where `progress=True` shows itself: a terminal, a notebook, a file; by tqdm, if that is installed."""

from __future__ import annotations

import shutil
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Callable, Optional

if TYPE_CHECKING:
    from ._progress import Progress

LINES_APART = 1.0  # seconds between two lines in a file


def _module(name: str) -> Any:
    """One that may be missing, for type checkers too."""
    return import_module(name)


class Display:
    """Shows nothing: there is no stderr, as in programs without a console."""

    def update(self, now: Progress) -> None:
        pass

    def close(self) -> None:
        pass


class Line(Display):
    """One line of a terminal, drawn again in its place."""

    _drawn = False

    def update(self, now: Progress) -> None:
        width = shutil.get_terminal_size().columns
        sys.stderr.write(f"\r\x1b[K{str(now)[: max(1, width - 1)]}")
        sys.stderr.flush()
        self._drawn = True

    def close(self) -> None:
        if self._drawn:
            sys.stderr.write("\n")


class Lines(Display):
    """Whole lines for a file or a pipe: not many, and always the last one."""

    def __init__(self) -> None:
        self._next = 0.0
        self._left_out: Optional[Progress] = None

    def update(self, now: Progress) -> None:
        self._left_out = now
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINES_APART
            self.close()

    def close(self) -> None:
        if self._left_out is not None:
            print(self._left_out, file=sys.stderr, flush=True)
        self._left_out = None


class Notebook(Display):
    """Text below the cell, replaced in its place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def update(self, now: Progress) -> None:
        show = _module("IPython.display").display
        bundle = {"text/plain": str(now)}
        if self._handle is None:
            self._handle = show(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class Bar(Display):
    """The bar of tqdm."""

    def __init__(self, make: Callable[..., Any], unit: str) -> None:
        self._make, self._unit = make, unit
        self._bar: Any = None

    def update(self, now: Progress) -> None:
        if self._bar is None:
            self._bar = self._make(total=now.total, desc=now.workflow_name, unit=self._unit)
        counts = {"running": now.running, "failed": now.failed}
        self._bar.set_postfix({word: count for word, count in counts.items() if count}, refresh=False)
        self._bar.n = now.done
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # who is in a notebook has it
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def display(unit: str) -> Display:
    has_tqdm = find_spec("tqdm") is not None
    if _is_notebook():
        if has_tqdm and find_spec("ipywidgets") is not None:  # without them its bars are text, and it complains
            return Bar(_module("tqdm.notebook").tqdm, unit)
        return Notebook()
    if sys.stderr is None:
        return Display()
    if not sys.stderr.isatty():
        return Lines()
    return Bar(_module("tqdm").tqdm, unit) if has_tqdm else Line()
