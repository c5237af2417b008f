"""`@task`: a function becomes a task of the workflow whose `with WorkflowBuilder(...)` block it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional, Sequence, TypeVar, Union, overload

from ._arguments import integer, milliseconds, name, text, text_or, wrong_type
from ._fingerprint import fingerprint
from ._references import TaskReference, current_builder, task_id_of
from ._retry import RetryPolicy, policy_from_keywords
from ._rules import rule_of

if TYPE_CHECKING:
    from ._signatures import Signature

Body = TypeVar("Body", bound=Callable[..., Any])

NO_BUILDER = (
    "No workflow context available. Tasks must be defined within a WorkflowBuilder context manager."
)


class TaskSpec:
    """A task as Python described it, checked as far as it can be alone."""

    __slots__ = ("function", "id", "plain", "signature")

    def __init__(
        self, task_id: str, function: Callable[..., Any], signature: Optional[Signature], plain: dict[str, Any]
    ) -> None:
        self.id, self.function, self.signature, self.plain = task_id, function, signature, plain

    def settle(self) -> None:
        """Decides how the body is called, when the workflow is built."""
        if self.signature is not None:
            self.signature.settle()
            self.plain["function"], self.plain["wants_handle"] = self.signature.body(self.function)


def _ids(dependencies: Any) -> list[str]:
    if dependencies is None:
        return []
    if isinstance(dependencies, str) or not isinstance(dependencies, (list, tuple)):
        raise wrong_type("dependencies", "a list of task ids or decorated functions", dependencies)
    return [task_id_of("dependencies", one) for one in dependencies]


def _callback(argument: str, function: Any) -> Any:
    if function is not None and not callable(function):
        raise wrong_type(argument, "a callable or None", function)
    return function


@overload
def task(id: Body) -> Body: ...
@overload
def task(
    id: Optional[str] = None,
    dependencies: Optional[Sequence[TaskReference]] = None,
    retry_attempts: Optional[int] = None,
    retry_backoff: Optional[str] = None,
    retry_delay_ms: Optional[int] = None,
    retry_max_delay_ms: Optional[int] = None,
    retry_condition: Any = None,
    retry_jitter: Optional[bool] = None,
    retry: Optional[RetryPolicy] = None,
    on_success: Optional[Callable[..., Any]] = None,
    on_failure: Optional[Callable[..., Any]] = None,
    trigger_rules: Any = None,
    timeout: Optional[float] = None,
    *,
    priority: Optional[int] = None,
    execution: Optional[str] = None,
    version: Optional[int] = None,
    description: Optional[str] = None,
) -> Callable[[Body], Body]: ...
def task(
    id: Union[str, Callable[..., Any], None] = None,
    dependencies: Any = None,
    retry_attempts: Any = None,
    retry_backoff: Any = None,
    retry_delay_ms: Any = None,
    retry_max_delay_ms: Any = None,
    retry_condition: Any = None,
    retry_jitter: Any = None,
    retry: Any = None,
    on_success: Any = None,
    on_failure: Any = None,
    trigger_rules: Any = None,
    timeout: Any = None,
    *,
    priority: Any = None,
    execution: Any = None,
    version: Any = None,
    description: Any = None,
) -> Any:
    """Makes a task of the function below it, which stays as it is and can still be called.

    id: its `__name__` if not given. dependencies: ids or decorated functions that must be final before it starts.
    retry, or the keywords retry_*: attempts in all, waits between them in milliseconds, and after which errors
    (all, never, transient, or patterns separated by commas). timeout: seconds of one attempt, 0: none.
    execution: "at_least_once" or "at_most_once", how often a body may run when its process dies under it.

    The body gets a `Context` and returns it, another one, None, or what is merged into it key by key: a dict, a
    dataclass or a pydantic model. With a second parameter, or one that must be given by keyword, called
    `handle` or `task_handle` it gets a `TaskHandle` too. An `async def` is awaited on an event loop of the runner.

    A body takes its inputs by name instead if a parameter without a default, not called `context`, `ctx`, `handle` or
    `task_handle`, has a hint that is a type, and not `Context`, `TaskHandle`, `Any`, `object` or a Protocol. Each
    parameter is then a key of the context, a default makes it optional, and the hint is what the value must be, or is
    made into (a dataclass, a model). Hints of two tasks that contradict each other are an error when the workflow is
    built. A wrapper made with `functools.wraps` is called with the `Context`, unless it takes `*args`, and the first
    parameter of what it wraps decides otherwise.

    >>> with WorkflowBuilder("doc_task") as builder:
    ...     @task()
    ...     def price(context):
    ...         context.set("total", context["order_id"] * 2.5)
    ...     @task(dependencies=[price])
    ...     def bill(total: float, currency: str = "EUR"):
    ...         return {"receipt": f"{total} {currency}"}
    >>> with DefaultRunner("sqlite::memory:") as runner:
    ...     runner.execute("doc_task", {"order_id": 42}).final_context["receipt"]
    '105.0 EUR'
    """
    if callable(id):
        return task()(id)
    if id is not None:
        name("id", id)
    plain: dict[str, Any] = {
        "dependencies": _ids(dependencies),
        "on_success": _callback("on_success", on_success),
        "on_failure": _callback("on_failure", on_failure),
        "trigger_rule": None if trigger_rules is None else rule_of("trigger_rules", trigger_rules),
        "timeout_ms": None if timeout is None else milliseconds("timeout", timeout),
        "priority": 0 if priority is None else integer("priority", priority, -32768, 32767),
        "version": 1 if version is None else integer("version", version, 0, 2**32 - 1),
        "description": text_or("description", description, ""),
    }
    word = text_or("execution", execution, "at_least_once")
    if word not in ("at_least_once", "at_most_once"):
        raise ValueError(f"execution is {word!r}; expected at_least_once or at_most_once")
    plain["at_most_once"] = word == "at_most_once"
    policy = policy_from_keywords(
        retry, retry_attempts, retry_backoff, retry_delay_ms, retry_max_delay_ms, retry_condition, retry_jitter
    )
    plain["retry"] = (policy or RetryPolicy(1 if plain["at_most_once"] else 3))._plain()
    builder = current_builder.get()
    if builder is None:
        raise ValueError(NO_BUILDER)

    owner = builder

    def decorate(function: Body) -> Body:
        # With `inspect`, which would be a tenth of the module's import.
        from ._signatures import is_async, signature_of

        if not callable(function):
            raise wrong_type("task", "a function", function)
        task_id = id if id is not None else getattr(function, "__name__", None)
        if task_id is None:
            raise ValueError("task: the callable has no __name__; give an id")
        spec = TaskSpec(
            text("id", task_id),
            function,
            signature_of(task_id, function),
            {
                **plain,
                "id": task_id,
                "function": function,
                "wants_handle": False,
                "is_async": is_async(function),
                "body_hash": fingerprint(function),
            },
        )
        owner._add(spec)
        try:
            function.__cloaca_task__ = task_id  # type: ignore[attr-defined]
        except AttributeError:
            pass  # builtins and slotted callables are named by their id
        return function

    return decorate
