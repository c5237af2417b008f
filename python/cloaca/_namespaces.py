"""`WorkflowContext`: names inside one workflow."""

from __future__ import annotations

from ._arguments import text, wrong_type
from ._cloaca import TaskNamespace


class WorkflowContext:
    """Where a workflow stands: tenant, package and name.

    >>> str(WorkflowContext("public", "embedded", "orders").task_namespace("load"))
    'public::embedded::orders::load'
    """

    __slots__ = ("_namespace",)

    def __init__(self, tenant_id: str, package_name: str, workflow_id: str) -> None:
        self._namespace = TaskNamespace(
            text("tenant_id", tenant_id), text("package_name", package_name), text("workflow_id", workflow_id), ""
        )

    @property
    def tenant_id(self) -> str:
        return self._namespace.tenant_id

    @property
    def package_name(self) -> str:
        return self._namespace.package_name

    @property
    def workflow_id(self) -> str:
        return self._namespace.workflow_id

    def task_namespace(self, id: str) -> TaskNamespace:
        """The full name of a task of this workflow."""
        return TaskNamespace(self.tenant_id, self.package_name, self.workflow_id, text("id", id))

    def resolve_dependency(self, name: str) -> TaskNamespace:
        """A dependency is a task of the same workflow."""
        return self.task_namespace(text("name", name))

    def workflow_namespace(self) -> TaskNamespace:
        """The name of the workflow itself."""
        return self._namespace

    def contains_namespace(self, ns: TaskNamespace) -> bool:
        if not isinstance(ns, TaskNamespace):
            raise wrong_type("ns", "TaskNamespace", ns)
        return ns.parent() == self._namespace

    def __str__(self) -> str:
        return f"{self.tenant_id}::{self.package_name}::{self.workflow_id}"

    def __repr__(self) -> str:
        return f"WorkflowContext({self.tenant_id!r}, {self.package_name!r}, {self.workflow_id!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorkflowContext):
            return NotImplemented
        return self._namespace == other._namespace

    def __hash__(self) -> int:
        return hash(str(self))
