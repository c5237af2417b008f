"""`DefaultRunner`: runs workflows, and keeps them in a database."""

from __future__ import annotations

import atexit
import functools
import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, NoReturn, Optional, Union

from . import _cloaca, _progress, _registry
from ._arguments import integer, milliseconds, text, text_or, timeout as timeout_argument
from ._arguments import name as name_argument
from ._config import DefaultRunnerConfig, config_of
from ._errors import BackendError, ConfigurationError, ExecutionTimeout, StateError, ValidationError, WorkflowNotFound
from ._executions import Executions
from ._handles import ExecutionHandle, running_future
from ._later import comes_later
from ._schedules import CronSchedules
from ._trigger_schedules import TriggerSchedules

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ._cloaca import TaskResult, WorkflowResult
    from ._inputs import Input

ProgressArgument = Union[bool, Callable[[_progress.Progress], Any], None]

_SCHEMA_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class DefaultRunner(CronSchedules, TriggerSchedules):
    """Runs workflows, and keeps them in a database so that nothing accepted is ever lost.

    Opens and migrates the database, starts its threads, and goes on with what earlier runners left behind. Any number
    of runners, in this process or in others, may work on one database. It runs the workflows that this process has
    registered, and those that it registers later, and polls the triggers that it has declared by now. Thread-safe; does
    not survive a fork.

    >>> with WorkflowBuilder("doc_runner") as builder:
    ...     @task()
    ...     def greet(context):
    ...         context.set("text", f"hello {context['name']}")
    >>> with DefaultRunner("sqlite::memory:", DefaultRunnerConfig(max_concurrent_tasks=2)) as runner:
    ...     result = runner.execute("doc_runner", {"name": "Ada"})
    ...     result.status, result.final_context["text"]
    ('Completed', 'hello Ada')
    """

    def __init__(self, database_url: str, config: Optional[DefaultRunnerConfig] = None) -> None:
        self._start(text("database_url", database_url), None, config_of(config), "Failed to create DefaultRunner: ")

    @staticmethod
    def with_config(url: str, config: DefaultRunnerConfig) -> DefaultRunner:
        """The same as the constructor."""
        return DefaultRunner(url, config)

    @staticmethod
    def with_schema(
        database_url: str, schema: str, config: Optional[DefaultRunnerConfig] = None
    ) -> DefaultRunner:
        """The runner of one tenant, in a schema of its own on PostgreSQL; ValueError for SQLite and bad names."""
        url = text("database_url", database_url)
        if url.startswith("sqlite:"):
            raise ConfigurationError(
                "Schema-based multi-tenancy requires PostgreSQL. On SQLite give each tenant a file of its own."
            )
        if not text("schema", schema):
            raise ConfigurationError("Schema name cannot be empty")
        if not _SCHEMA_CHARACTERS.issuperset(schema):
            raise ConfigurationError("Schema name must contain only alphanumeric characters and underscores")
        runner = DefaultRunner.__new__(DefaultRunner)
        failure = "Failed to create DefaultRunner with schema: "
        runner._start(url, schema, config_of(config), failure)
        return runner

    def _start(self, url: str, schema: Optional[str], config: DefaultRunnerConfig, failure: str) -> None:
        triggers = [trigger.plain for trigger in _registry.triggers()]  # first: whose workflows are known then
        known = _registry.known()
        workflows = [workflow._core for workflow in known.values()]
        try:
            self._core = _cloaca.Runner(url, schema, config._plain(), workflows, triggers)
        except (ValidationError, WorkflowNotFound) as error:  # of a trigger
            raise type(error)(f"{failure}{error}") from None
        except (BackendError, ConfigurationError) as error:
            what = f"Failed to set up schema '{schema}': " if schema is not None else ""
            raise type(error)(f"{failure}{what}{error}") from None
        self._schema, self._config, self._process = schema, config, os.getpid()
        self._is_shut_down = False
        _registry.enlist(self, known)

    # ---- submit and wait

    def execute(
        self,
        workflow_name: str,
        context: Input = None,
        timeout: Optional[float] = None,
        *,
        idempotency_key: Optional[str] = None,
        priority: Optional[int] = None,
        start_after: Optional[float] = None,
        progress: ProgressArgument = None,
    ) -> WorkflowResult:
        """Submits and waits until the end. A workflow that ran and failed *returns*, with status "Failed".

        ValueError `Workflow execution failed: …` if it could not be accepted; TimeoutError after `timeout` seconds, and
        the execution goes on. A second submission with the same idempotency key gives the first execution.
        context: a Context, a dict, a dataclass or a pydantic model. start_after: seconds.

        progress: True shows how many tasks have ended, on stderr or below a notebook's cell; a function is called with
        a `Progress` by the thread that waits, whenever one has changed, and with the last one before the result
        returns. What it raises ends the wait, and the execution goes on. It costs a read of the tasks every 150 ms.

        >>> with WorkflowBuilder("doc_execute") as builder:
        ...     @task()
        ...     def double(context):
        ...         return {"twice": 2 * context["n"]}
        >>> with DefaultRunner("sqlite::memory:") as runner:
        ...     runner.execute("doc_execute", {"n": 21}, progress=print).final_context["twice"]
        doc_execute: 1/1
        42
        """
        options = self._options(workflow_name, idempotency_key, priority, start_after)
        seconds = timeout_argument(timeout)
        if not progress:
            return self._core.execute(workflow_name, context, *options, seconds)
        _cloaca.refuse_to_block_event_loop("execute()")
        _progress.check(progress)
        handle = self._core.submit(workflow_name, context, *options)
        return _progress.wait(self._core, handle, workflow_name, progress, seconds)

    async def execute_async(
        self,
        workflow_name: str,
        context: Input = None,
        timeout: Optional[float] = None,
        *,
        idempotency_key: Optional[str] = None,
        priority: Optional[int] = None,
        start_after: Optional[float] = None,
        progress: ProgressArgument = None,
    ) -> WorkflowResult:
        """The same for asyncio: waits without a thread. Cancelling the wait does not cancel the execution.

        A function given as `progress` is called on the event loop; the reads for it use the loop's executor.
        """
        import asyncio

        options = self._options(workflow_name, idempotency_key, priority, start_after)
        seconds = timeout_argument(timeout)
        if progress:
            _progress.check(progress)
            submit = functools.partial(self._core.submit, workflow_name, context, *options)
            handle = await asyncio.get_running_loop().run_in_executor(None, submit)
            return await _progress.wait_async(self._core, handle, workflow_name, progress, seconds)
        future = running_future()
        self._core.execute_later(workflow_name, context, *options, future)
        waited_for: asyncio.Future[WorkflowResult] = asyncio.wrap_future(future)
        if seconds is None:
            return await waited_for
        try:
            await asyncio.wait({waited_for}, timeout=max(0.0, seconds))
            if waited_for.done():
                return waited_for.result()
        finally:
            waited_for.cancel()
        raise ExecutionTimeout(f"workflow '{workflow_name}' has not ended within {seconds} s; it goes on")

    def submit(
        self,
        workflow_name: str,
        context: Input = None,
        *,
        idempotency_key: Optional[str] = None,
        priority: Optional[int] = None,
        start_after: Optional[float] = None,
    ) -> ExecutionHandle:
        """Returns when the execution is stored: from then on it is not lost."""
        options = self._options(workflow_name, idempotency_key, priority, start_after)
        return ExecutionHandle(self._core.submit(workflow_name, context, *options), workflow_name)

    async def submit_async(
        self,
        workflow_name: str,
        context: Input = None,
        *,
        idempotency_key: Optional[str] = None,
        priority: Optional[int] = None,
        start_after: Optional[float] = None,
    ) -> ExecutionHandle:
        """The same for asyncio: waits for the disk without a thread. Cancelled, it may have been stored all the same."""
        import asyncio

        options = self._options(workflow_name, idempotency_key, priority, start_after)
        future: Future[_cloaca.Handle] = running_future()
        self._core.submit_later(workflow_name, context, *options, future)
        return ExecutionHandle(await asyncio.wrap_future(future), workflow_name)

    def submit_many(
        self,
        workflow_name: str,
        contexts: Iterable[Input],
        *,
        priority: Optional[int] = None,
        start_after: Optional[float] = None,
    ) -> List[ExecutionHandle]:
        """Many at once, stored in as few transactions as they fit into."""
        _, number, after = self._options(workflow_name, None, priority, start_after)
        handles = self._core.submit_many(workflow_name, list(contexts), number, after)
        return [ExecutionHandle(core, workflow_name) for core in handles]

    def execute_many(
        self,
        workflow_name: str,
        contexts: Iterable[Input],
        timeout: Optional[float] = None,
        *,
        priority: Optional[int] = None,
        progress: ProgressArgument = None,
    ) -> List[WorkflowResult]:
        """Submits them all, and waits for each; the results in the order of the contexts.

        progress: as in `execute`, but of executions, not of tasks.
        """
        import time

        _cloaca.refuse_to_block_event_loop("execute_many()")
        seconds = timeout_argument(timeout)
        if progress:
            _progress.check(progress)
            many = self.submit_many(workflow_name, contexts, priority=priority)
            return _progress.wait_for_all([handle._core for handle in many], workflow_name, progress, seconds)
        handles = self.submit_many(workflow_name, contexts, priority=priority)
        if seconds is None:
            return [handle.result() for handle in handles]
        end = time.monotonic() + seconds
        return [handle.result(max(0.0, end - time.monotonic())) for handle in handles]

    # ---- ask and steer

    def handle(self, execution_id: str) -> ExecutionHandle:
        """For an execution that was submitted earlier, or elsewhere."""
        self._check_process()
        return ExecutionHandle(self._core.handle(text("execution_id", execution_id)), "")

    def status(self, execution_id: str) -> str:
        """Pending, Running, Paused, Completed, Failed or Cancelled."""
        self._check_process()
        return self._core.status(text("execution_id", execution_id))

    def result(self, execution_id: str) -> WorkflowResult:
        """StateError at once if the execution is not final."""
        self._check_process()
        return self._core.result(text("execution_id", execution_id))

    def tasks(self, execution_id: str) -> List[TaskResult]:
        """How far it is: its tasks as they are stored now. A body that runs shows 100 ms after its start."""
        self._check_process()
        return self._core.tasks(text("execution_id", execution_id))

    def cancel(self, execution_id: str, reason: Optional[str] = None) -> None:
        """Whichever runner owns it; returns when that is stored. StateError if it is final."""
        self._check_process()
        self._core.cancel(text("execution_id", execution_id), text_or("reason", reason, ""))

    def list(
        self,
        workflow_name: Optional[str] = None,
        status: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
    ) -> Executions:
        """Newest first, as dicts; `to_pandas()` of them is a data frame. `after`: the last id of the page before."""
        self._check_process()
        most = 100 if limit is None else integer("limit", limit, 1, 10_000)
        return Executions(
            self._core.list(
                text_or("workflow_name", workflow_name, ""),
                None if status is None else text("status", status),
                most,
                None if after is None else text("after", after),
            )
        )

    def runners(self) -> List[Dict[str, Any]]:
        """Those of this database, this one too."""
        self._check_process()
        return self._core.runners()

    def workflows(self) -> List[str]:
        """Names of the workflows that this runner can run."""
        return self._core.workflows()

    # ---- life

    def shutdown(self, timeout: Optional[float] = 5.0) -> None:
        """Accepts no more, lets running bodies end for `timeout` seconds, asks the rest to stop. Idempotent."""
        seconds = timeout_argument(timeout)
        self._is_shut_down = True
        self._core.shutdown(5.0 if seconds is None else seconds)

    def start(self) -> None:
        """Does nothing: construction starts a runner."""

    def stop(self) -> None:
        """The same as `shutdown`."""
        self.shutdown()

    def __enter__(self) -> DefaultRunner:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.shutdown()

    async def __aenter__(self) -> DefaultRunner:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.shutdown)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a DefaultRunner cannot be pickled; make one in each process")

    def __repr__(self) -> str:
        schema = f"schema={self._schema!r}, " if self._schema is not None else ""
        return f"DefaultRunner({schema}{'shut down' if self._is_shut_down else 'running'})"

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise StateError(
                "runner does not survive fork: this process was forked from the one that made it; make a runner here, or "
                "start processes by 'spawn'"
            )

    def _options(
        self, workflow_name: str, key: Optional[str], priority: Optional[int], start_after: Optional[float]
    ) -> tuple[str, int, int]:
        self._check_process()
        text("workflow_name", workflow_name)
        return (
            "" if key is None else name_argument("idempotency_key", key),
            0 if priority is None else integer("priority", priority, -32768, 32767),
            0 if start_after is None else milliseconds("start_after", start_after),
        )

    # ---- what comes later

    def pause(self, execution_id: str) -> None:
        """Comes with a later version."""
        comes_later("pause")

    def resume(self, execution_id: str) -> None:
        """Comes with a later version."""
        comes_later("resume")

    def retry(self, execution_id: str) -> None:
        """Comes with a later version."""
        comes_later("retry of an execution")

    def fork(self, execution_id: str, *arguments: Any, **options: Any) -> Any:
        """Comes with a later version."""
        comes_later("fork of an execution")

    def explain(self, execution_id: str, task_id: Optional[str] = None) -> Any:
        """Comes with a later version."""
        comes_later("explain")

    def signal(self, id: str, name: str, payload: Any = None) -> None:
        """Comes with a later version."""
        comes_later("signal")


def _runners_to_end() -> List[_cloaca.Runner]:
    """Bodies and callbacks need the interpreter: every runner is shut down while there is one."""
    runners = [runner for runner in _registry.runners() if runner._process == os.getpid()]
    for runner in runners:
        runner._is_shut_down = True
    return [runner._core for runner in runners]


def _join_event_loops() -> None:
    """What coroutines do when they are cancelled still has an interpreter."""
    if "cloaca._event_loop" in sys.modules:
        for loop in list(sys.modules["cloaca._event_loop"].loops):
            loop.join(1.0)


atexit.register(_cloaca.end, _runners_to_end, _join_event_loops)
