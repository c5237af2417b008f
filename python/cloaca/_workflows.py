"""`WorkflowBuilder` and `Workflow`."""

from __future__ import annotations

import contextvars
from types import TracebackType
from typing import Any, Callable, Optional, Union

from . import _cloaca, _registry
from ._arguments import name as name_argument
from ._arguments import text as text_argument
from ._arguments import text_or, wrong_type
from ._cloaca import TaskNamespace, WorkflowResult
from ._errors import ValidationError
from ._references import current_builder, identity, task_id_of
from ._tasks import TaskSpec

DEFAULT_TENANT = "public"
DEFAULT_PACKAGE = "embedded"
EMPTY = "Workflow cannot be empty"


class Workflow:
    """A checked graph of tasks; immutable. Made by `WorkflowBuilder`. A notebook draws it.

    >>> with WorkflowBuilder("doc_workflow") as builder:
    ...     @task()
    ...     def load(order_id: int):
    ...         return {"rows": [order_id]}
    ...     @task(dependencies=[load])
    ...     def count(rows: list):
    ...         return {"count": len(rows)}
    >>> workflow = builder.build()
    >>> workflow.tasks, workflow.inputs
    (['load', 'count'], {'order_id': <class 'int'>})
    """

    __slots__ = ("__weakref__", "_core", "_inputs", "_prefix", "_specs")

    def __init__(
        self,
        core: _cloaca.Workflow,
        prefix: tuple[str, str, str],
        specs: dict[str, TaskSpec],
        inputs: dict[str, Any],
    ) -> None:
        self._core, self._prefix, self._specs, self._inputs = core, prefix, specs, inputs

    @property
    def name(self) -> str:
        return self._core.name

    @property
    def description(self) -> str:
        """ "" if there is none."""
        return self._core.description

    @property
    def version(self) -> str:
        """16 hex digits: equal content, equal version, in every process."""
        return self._core.version

    @property
    def tags(self) -> dict[str, str]:
        return self._core.tags

    @property
    def tasks(self) -> list[str]:
        """Ids, in the order in which they were listed."""
        return self._core.tasks

    @property
    def inputs(self) -> dict[str, Any]:
        """Keys that tasks take by name and that no task before them can have put, with their type hints."""
        return dict(self._inputs)

    def _full(self, ids: list[str]) -> list[str]:
        return [str(TaskNamespace(*self._prefix, one)) for one in ids]

    def topological_sort(self) -> list[str]:
        """Full names, each behind what it depends on."""
        return self._full(self._core.topological_sort())

    def get_execution_levels(self) -> list[list[str]]:
        """Tasks that could run at the same time if each took equally long, level by level."""
        return [self._full(level) for level in self._core.execution_levels()]

    def get_roots(self) -> list[str]:
        return self._full(self._core.roots())

    def get_leaves(self) -> list[str]:
        return self._full(self._core.leaves())

    def validate(self) -> None:
        """Checks again what was checked when it was built; ValueError."""
        self._core.validate()

    def to_mermaid(self) -> str:
        return self._core.to_mermaid()

    def to_dot(self) -> str:
        """The same graph for Graphviz."""
        return self._core.to_dot()

    def __repr__(self) -> str:
        return f"Workflow(name={self.name!r}, tasks={len(self.tasks)})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from ._pictures import pictures  # most programs draw nothing

        return pictures(self)




def _draw_result(self: WorkflowResult, **_: Any) -> dict[str, str]:
    from ._pictures import pictures

    return pictures(self)


WorkflowResult._repr_mimebundle_ = _draw_result  # type: ignore[method-assign]


class WorkflowBuilder:
    """Puts a workflow together: as a context manager of the tasks that are defined inside.

    Leaving the block registers the workflow under its name, in place of an earlier one; an exception inside registers
    nothing. Used by one thread at a time; several threads may build at the same time.

    >>> with WorkflowBuilder("doc_builder") as builder:
    ...     builder.description("two tasks, one after the other").tag("team", "data")
    ...     @task()
    ...     def load(context):
    ...         context.set("rows", [3, 1, 2])
    ...     @task(dependencies=[load])
    ...     def order(context):
    ...         context.set("rows", sorted(context["rows"]))
    WorkflowBuilder(name='doc_builder')
    """

    def __init__(
        self, name: str, *, tenant: Optional[str] = None, package: Optional[str] = None, workflow: Optional[str] = None
    ) -> None:
        self._name = name_argument("name", name)
        self._prefix = (
            text_or("tenant", tenant, DEFAULT_TENANT),
            text_or("package", package, DEFAULT_PACKAGE),
            text_or("workflow", workflow, self._name),
        )
        TaskNamespace(*self._prefix, "")  # ValueError if a part is no name
        self._description = ""
        self._tags: dict[str, str] = {}
        self._tasks: list[TaskSpec] = []
        self._ids: dict[Any, str] = {}  # by the identity of what was decorated
        self._entered: list[tuple[Optional[WorkflowBuilder], contextvars.Token[Optional[WorkflowBuilder]]]] = []

    def description(self, text: str) -> WorkflowBuilder:
        self._description = text_argument("text", text)
        return self

    def tag(self, key: str, value: str) -> WorkflowBuilder:
        """A second value for one key replaces the first."""
        self._tags[name_argument("key", key)] = text_argument("value", value)
        return self

    def add_task(self, task: Union[str, Callable[..., Any]]) -> WorkflowBuilder:
        """A task of this block, or of the workflow that is registered under this name."""
        try:
            task_id = task_id_of("task", task, self)
        except TypeError:
            raise TypeError("Task must be either a string task ID or a function object with __name__ attribute") from None
        if any(spec.id == task_id for spec in self._tasks):
            return self
        registered = _registry.find(self._name)
        known = registered._specs if registered is not None and registered._prefix == self._prefix else {}
        spec = known.get(task_id)
        if not isinstance(task, str) and (spec is None or identity(spec.function) != identity(task)):
            # Another workflow may have given the function another id since.
            spec = next((one for one in known.values() if identity(one.function) == identity(task)), spec)
        if spec is None:
            raise ValueError(f"Task '{task_id}' not found in registry. Make sure it was decorated with @task.")
        if all(one.id != spec.id for one in self._tasks):
            self._add(spec)
        return self

    def build(self) -> Workflow:
        """The workflow; ValueError that lists everything that is wrong with it."""
        return self._build("Failed to build workflow: ")

    def _add(self, spec: TaskSpec) -> None:
        self._tasks.append(spec)
        self._ids[identity(spec.function)] = spec.id  # the spec keeps the function, so nothing else has its identity

    def _build(self, failure: str) -> Workflow:
        if not self._tasks:
            raise ValidationError(failure + EMPTY)
        for spec in self._tasks:
            spec.settle()
        try:
            core = _cloaca.build_workflow(
                self._name, self._description, self._tags, [spec.plain for spec in self._tasks]
            )
        except ValueError as error:
            raise ValidationError(failure + str(error)) from None
        return Workflow(core, self._prefix, {spec.id: spec for spec in self._tasks}, self._inputs(core, failure))

    def _inputs(self, core: _cloaca.Workflow, failure: str) -> dict[str, Any]:
        signatures = {spec.id: spec.signature for spec in self._tasks}
        told = [signature for signature in signatures.values() if signature is not None]
        try:
            for signature in told:
                signature.read_hints()
            if not any(signature.takes_inputs for signature in told):
                return {}
            from ._fit import check  # most programs have no type hints on tasks

            inputs, problems = check(signatures, core)
        except ValidationError as error:
            raise ValidationError(f"{failure}{error}") from None
        if problems:
            listed = "".join(f"\n  - {problem}" for problem in problems)
            raise ValidationError(f"{failure}workflow '{self._name}' cannot be built:{listed}")
        return inputs

    def __enter__(self) -> WorkflowBuilder:
        self._tasks, self._ids = [], {}
        self._entered.append((current_builder.get(), current_builder.set(self)))
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        before, token = self._entered.pop()
        try:
            current_builder.reset(token)
        except ValueError:
            # Another context of contextvars than that of __enter__, such as another task of asyncio's: that one keeps
            # its builder, and only what this one took over from it when it was copied ends here.
            if current_builder.get() is self:
                current_builder.set(before)
        if kind is None:
            _registry.register(self._build("Workflow validation failed: "))

    def __repr__(self) -> str:
        return f"WorkflowBuilder(name={self._name!r})"


def register_workflow_constructor(name: str, fn: Callable[[], Any]) -> None:
    """Calls `fn` at once, which returns a `Workflow`, or registers one itself; it is known by its own name, whatever `name` is.

    >>> def make():
    ...     with WorkflowBuilder("doc_constructor") as builder:
    ...         @task()
    ...         def only(context):
    ...             pass
    ...     return builder.build()
    >>> register_workflow_constructor("doc_constructor", make)
    """
    name_argument("name", name)
    if not callable(fn):
        raise wrong_type("fn", "a callable", fn)
    failure = "Failed to call workflow constructor: "
    before = _registry.known()
    try:
        made = fn()
    except Exception as error:
        raise ValueError(f"{failure}{type(error).__name__}: {error}") from error
    if made is not None and not isinstance(made, Workflow):
        raise ValueError(f"{failure}it returned {type(made).__name__}; expected Workflow or None")
    if made is not None:
        _registry.register(made)
    elif name not in before and _registry.known() == before:
        raise ValueError(f"{failure}it returned None and registered no workflow")
