"""Tasks named by the functions that were decorated."""

from __future__ import annotations

import types
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from ._arguments import wrong_type

if TYPE_CHECKING:
    from ._workflows import WorkflowBuilder

TaskReference = Union[str, Callable[..., Any]]

# Not a global: threads and coroutines that build workflows at the same time do not see each other.
current_builder: ContextVar[Optional[WorkflowBuilder]] = ContextVar("cloaca_builder", default=None)


def identity(function: Any) -> Any:
    """Equal for one object, as long as it lives: a bound method is another object each time it is asked for."""
    if isinstance(function, types.MethodType):
        return id(function.__self__), id(function.__func__)
    return id(function)


def task_id_of(argument: str, reference: Any, builder: Optional[WorkflowBuilder] = None) -> str:
    """The id of a task that is named by its id, or by the function that was decorated, in this block above all."""
    if isinstance(reference, str):
        return reference
    builder = builder or current_builder.get()
    known = builder._ids.get(identity(reference)) if builder is not None else None
    named = known or getattr(reference, "__cloaca_task__", None) or getattr(reference, "__name__", None)
    if not isinstance(named, str) or not callable(reference):
        raise wrong_type(argument, "a task id or a decorated function", reference)
    return named
