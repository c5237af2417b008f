"""The event loop thread of one runner, on which its `async def` bodies are awaited."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import TYPE_CHECKING, Optional

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
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()
