"""The event loop thread of one runner, on which its `async def` bodies are awaited."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._cloaca import mark_event_loop_thread

if TYPE_CHECKING:
    from ._cloaca import AsyncCall


class Started:
    """One body that was handed over to the loop."""

    __slots__ = ("task",)

    def __init__(self) -> None:
        self.task: Optional[asyncio.Task[None]] = None


async def _await(call: AsyncCall) -> None:
    try:
        returned = await call.begin()
    except BaseException as error:  # whatever a body raises is the failure of its attempt
        call.raised(error)
    else:
        call.returned(returned)


loops: weakref.WeakSet[EventLoop] = weakref.WeakSet()


class EventLoop:
    """Made by the engine's io thread with the first body that it has to await."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="cloaca-event-loop", daemon=True)
        loops.add(self)
        self._thread.start()

    def start(self, call: AsyncCall) -> Started:
        started = Started()
        self._loop.call_soon_threadsafe(self._begin, call, started)
        return started

    def cancel(self, started: Started) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel, started)

    def stop(self) -> None:
        """Does not wait: bodies that are left are cancelled, and the thread ends after them."""
        self._is_over = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _begin(self, call: AsyncCall, started: Started) -> None:
        def never_began(task: asyncio.Task[None]) -> None:
            if task.cancelled():
                call.raised(asyncio.CancelledError())

        started.task = self._loop.create_task(_await(call))
        started.task.add_done_callback(never_began)

    @staticmethod
    def _cancel(started: Started) -> None:
        if started.task is not None:
            started.task.cancel()

    def _run(self) -> None:
        mark_event_loop_thread()
        asyncio.set_event_loop(self._loop)
        try:
            while not self._is_over and not self._loop.is_closed():  # a body that stops the loop, or whose task raises SystemExit, does not end it for others
                self._run_on(self._loop.run_forever)
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._run_on(self._loop.run_until_complete, asyncio.gather(*left, return_exceptions=True))
            self._run_on(self._loop.run_until_complete, self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def _run_on(self, run: Callable[..., Any], *arguments: Any) -> None:
        try:
            run(*arguments)
        except BaseException as error:
            self._loop.call_exception_handler({"message": "a task left the event loop of a runner", "exception": error})
