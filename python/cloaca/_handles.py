"""`ExecutionHandle`: an execution that was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generator, Optional

from . import _cloaca
from ._arguments import text_or, timeout as timeout_argument
from ._later import comes_later

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ._cloaca import WorkflowResult


class ExecutionHandle:
    """Stands for one execution; may outlive its runner, whose shutdown ends every wait with `RunnerStopped`.

    Thread-safe. `await handle` gives the result.

    >>> with WorkflowBuilder("doc_handle") as builder:
    ...     @task()
    ...     async def quick(context):
    ...         return {"x": 1}
    >>> with DefaultRunner("sqlite::memory:") as runner:
    ...     handle = runner.submit("doc_handle")
    ...     handle.result(timeout=5).status, handle.status()
    ('Completed', 'Completed')
    """

    __slots__ = ("_core", "_workflow_name")

    def __init__(self, core: _cloaca.Handle, workflow_name: str) -> None:
        self._core, self._workflow_name = core, workflow_name

    @property
    def id(self) -> str:
        return self._core.id

    @property
    def workflow_name(self) -> str:
        """"" where only the id was known."""
        return self._workflow_name

    def status(self) -> str:
        """As it is stored now; blocks for one read."""
        return self._core.status()

    def result(self, timeout: Optional[float] = None) -> WorkflowResult:
        """Waits until the execution is final; TimeoutError once `timeout` seconds have passed."""
        return self._core.wait(timeout_argument(timeout))

    def future(self) -> Future[WorkflowResult]:
        """The result for who waits in another way; cancelling it changes nothing."""
        future = running_future()
        self._core.notify(future)
        return future

    def cancel(self, reason: Optional[str] = None) -> None:
        """Nothing new starts, running bodies are asked to stop. StateError if it is final."""
        self._core.cancel(text_or("reason", reason, ""))

    def pause(self) -> None:
        """Comes with a later version."""
        comes_later("pause")

    def resume(self) -> None:
        """Comes with a later version."""
        comes_later("resume")

    def wait_signal(self, name: str, timeout: Optional[float] = None) -> Any:
        """Comes with a later version."""
        comes_later("wait_signal")

    def __await__(self) -> Generator[Any, None, WorkflowResult]:
        import asyncio  # costs a third of a program's start, and most programs need none

        return asyncio.wrap_future(self.future()).__await__()

    def __repr__(self) -> str:
        return f"ExecutionHandle(id={self.id!r})"


def running_future() -> Future[Any]:
    from concurrent.futures import Future

    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future
