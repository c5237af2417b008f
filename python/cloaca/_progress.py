"""`progress=`: how far an execution is, told to a function or shown (`_display`) while its caller waits for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional

from . import _cloaca
from ._arguments import wrong_type
from ._errors import Error, ExecutionTimeout

if TYPE_CHECKING:
    from ._cloaca import TaskResult, WorkflowResult

SLICE = 0.15  # seconds between two looks


class Progress(NamedTuple):
    """How many tasks of an execution are in which state; of `execute_many`, how many executions.

    execution_id: None for several. What is neither final nor running waits. `done` is all that is final, `total` at the
    end; `str()` gives one line.

    >>> now = Progress("checkout", None, total=4, completed=2, failed=1, skipped=0, cancelled=0, running=1)
    >>> now.done, str(now)
    (3, 'checkout: 3/4, 1 running, 1 failed')
    """

    workflow_name: str
    execution_id: Optional[str]
    total: int
    completed: int
    failed: int
    skipped: int
    cancelled: int
    running: int

    @property
    def done(self) -> int:
        """Final in one way or another."""
        return self.completed + self.failed + self.skipped + self.cancelled

    def __str__(self) -> str:
        counts = {"running": self.running, "failed": self.failed, "skipped": self.skipped, "cancelled": self.cancelled}
        more = "".join(f", {count} {word}" for word, count in counts.items() if count)
        return f"{self.workflow_name}: {self.done}/{self.total}{more}"


def check(progress: Any) -> None:
    """Before anything is submitted; TypeError."""
    if progress is not True and not callable(progress):
        raise wrong_type("progress", "True, False, None or a callable", progress)


class _Reporter:
    """Tells what has changed, and nothing twice."""

    def __init__(self, progress: Any, unit: str) -> None:
        self._last: Optional[Progress] = None
        self._display: Any = None
        if callable(progress):
            self._tell: Callable[[Progress], Any] = progress
        else:
            from ._display import display

            self._display = display(unit)
            self._tell = self._display.update

    def report(self, now: Progress) -> None:
        if now != self._last:
            self._last = now
            self._tell(now)

    def __enter__(self) -> _Reporter:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._display is not None:
            self._display.close()


class _Slices:
    """How long to wait before the next look: looking takes a tenth of the time at most, however long one takes."""

    def __init__(self, timeout: Optional[float]) -> None:
        self._timeout, self._pause, self._looks_since = timeout, SLICE, 0.0
        self._end = None if timeout is None else time.monotonic() + timeout

    def next(self) -> float:
        return self._pause if self._end is None else max(0.0, min(self._pause, self._end - time.monotonic()))

    def look(self, what: str) -> None:
        """Before one: TimeoutError if the time is over."""
        self._looks_since = time.monotonic()
        if self._end is not None and self._looks_since >= self._end:
            raise ExecutionTimeout(
                f"{what} has not ended within {self._timeout} s; it goes on: ask for its result later"
            )

    def looked(self) -> None:
        self._pause = max(SLICE, 10 * (time.monotonic() - self._looks_since))


def _progress_of(name: str, execution_id: Optional[str], total: int, states: Dict[str, int]) -> Progress:
    completed, failed, skipped, cancelled, running = (
        states.get(word, 0) for word in ("Completed", "Failed", "Skipped", "Cancelled", "Running")
    )
    return Progress(name, execution_id, total, completed, failed, skipped, cancelled, running)


def _of_tasks(name: str, execution_id: str, tasks: List[TaskResult]) -> Progress:
    states: Dict[str, int] = {}
    for task in tasks:
        states[task.status] = states.get(task.status, 0) + 1
    return _progress_of(name, execution_id, len(tasks), states)


def _of_result(result: WorkflowResult) -> Progress:
    return _of_tasks(result.workflow_name, result.execution_id, list(result.task_results.values()))


def _look(runner: _cloaca.Runner, name: str, execution_id: str) -> Optional[Progress]:
    try:
        return _of_tasks(name, execution_id, runner.tasks(execution_id))
    except Error:
        return None  # a database that is busy; what ends the wait is said by the wait


def wait(
    runner: _cloaca.Runner, handle: _cloaca.Handle, name: str, progress: Any, timeout: Optional[float]
) -> WorkflowResult:
    """The result of one execution; reports what is stored of its tasks meanwhile."""
    slices = _Slices(timeout)
    with _Reporter(progress, "task") as reporter:
        while True:
            result = handle.wait_at_most(slices.next())
            if result is not None:
                reporter.report(_of_result(result))
                return result
            slices.look(f"execution {handle.id}")
            now = _look(runner, name, handle.id)
            slices.looked()
            if now is not None:
                reporter.report(now)


async def wait_async(
    runner: _cloaca.Runner, handle: _cloaca.Handle, name: str, progress: Any, timeout: Optional[float]
) -> WorkflowResult:
    """The same for asyncio: reports on the event loop, looks on a thread of its executor."""
    import asyncio

    from ._handles import running_future

    future = running_future()
    handle.notify(future)
    ended = asyncio.wrap_future(future)
    slices = _Slices(timeout)
    try:
        with _Reporter(progress, "task") as reporter:
            while True:
                await asyncio.wait({ended}, timeout=slices.next())
                if ended.done():
                    result: WorkflowResult = ended.result()
                    reporter.report(_of_result(result))
                    return result
                slices.look(f"execution {handle.id}")
                now = await asyncio.get_running_loop().run_in_executor(None, _look, runner, name, handle.id)
                slices.looked()
                if now is not None and not ended.done():
                    reporter.report(now)
    finally:
        ended.cancel()


def wait_for_all(
    handles: List[_cloaca.Handle], name: str, progress: Any, timeout: Optional[float]
) -> List[WorkflowResult]:
    """The results of many, in their order; all that have not ended count as running."""
    slices = _Slices(timeout)
    results: Dict[int, WorkflowResult] = {}
    waiting = list(range(len(handles)))
    states: Dict[str, int] = {}
    with _Reporter(progress, "execution") as reporter:
        while waiting:
            handles[waiting[-1]].wait_at_most(slices.next())  # the first would wake for each that ends in turn
            ended = _cloaca.results_by_now([handles[index] for index in waiting])
            for index, result in zip(waiting, ended):
                if result is not None:
                    results[index] = result
                    states[result.status] = states.get(result.status, 0) + 1
            waiting = [index for index, result in zip(waiting, ended) if result is None]
            states["Running"] = len(waiting)
            reporter.report(_progress_of(name, None, len(handles), states))
            if waiting:
                slices.look(f"execution {handles[waiting[0]].id}")
                slices.looked()
    return [results[index] for index in range(len(handles))]
