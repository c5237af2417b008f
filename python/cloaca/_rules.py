"""Trigger rules: when a task whose dependencies are all final runs."""

from __future__ import annotations

from typing import Any

from ._arguments import text, wrong_type
from ._references import TaskReference, task_id_of

_OPERATORS = {
    "equals": "Equals",
    "not_equals": "NotEquals",
    "greater_than": "GreaterThan",
    "less_than": "LessThan",
    "contains": "Contains",
    "not_contains": "NotContains",
    "exists": "Exists",
    "not_exists": "NotExists",
    "==": "Equals",
    "!=": "NotEquals",
    ">": "GreaterThan",
    "<": "LessThan",
}


class TriggerRule:
    """A condition; `to_dict()` gives it as the JSON that is stored.

    >>> all_of(task_success("load"), context_value("rows", ">", 0))
    ... # doctest: +NORMALIZE_WHITESPACE
    TriggerRule({"type": "All", "conditions": [{"type": "TaskSuccess", "task_name": "load"},
     {"type": "ContextValue", "key": "rows", "operator": "GreaterThan", "value": 0}]})
    """

    __slots__ = ("_json",)

    def __init__(self, rule: dict[str, Any]) -> None:
        self._json = rule

    def to_dict(self) -> dict[str, Any]:
        return dict(self._json)

    def __call__(self) -> TriggerRule:
        return self  # `always` and `always()` are the same

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TriggerRule):
            return NotImplemented
        return self._json == other._json

    def __hash__(self) -> int:
        import json  # most programs have no rules

        return hash(json.dumps(self._json, sort_keys=True))

    def __repr__(self) -> str:
        import json

        return f"TriggerRule({json.dumps(self._json)})"


#: The task runs whatever became of its dependencies.
always = TriggerRule({"type": "Always"})


def _combined(kind: str, conditions: tuple[Any, ...]) -> TriggerRule:
    if len(conditions) == 1 and isinstance(conditions[0], (list, tuple)):
        conditions = tuple(conditions[0])
    return TriggerRule({"type": kind, "conditions": [rule_of("conditions", one) for one in conditions]})


def all_of(*conditions: Any) -> TriggerRule:
    """Every one of them holds.

    >>> all_of(task_success("a"), task_success("b")).to_dict()["type"]
    'All'
    """
    return _combined("All", conditions)


def any_of(*conditions: Any) -> TriggerRule:
    """At least one of them holds.

    >>> any_of(task_failed("a"), task_skipped("a")).to_dict()["type"]
    'Any'
    """
    return _combined("Any", conditions)


def none_of(*conditions: Any) -> TriggerRule:
    """Not one of them holds.

    >>> none_of(context_value("dry_run", "equals", True)).to_dict()["type"]
    'None'
    """
    return _combined("None", conditions)


def task_success(task: TaskReference) -> TriggerRule:
    """The task Completed.

    >>> task_success("load")
    TriggerRule({"type": "TaskSuccess", "task_name": "load"})
    """
    return TriggerRule({"type": "TaskSuccess", "task_name": task_id_of("task", task)})


def task_failed(task: TaskReference) -> TriggerRule:
    """The task Failed; a task with such a rule that Completed has handled the failure.

    >>> with WorkflowBuilder("doc_task_failed") as builder:
    ...     @task(retry_attempts=1)
    ...     def load(context):
    ...         raise OSError("no such file")
    ...     @task(dependencies=[load], trigger_rules=task_failed(load))
    ...     def use_yesterday(context):
    ...         context.set("rows", "of yesterday")
    >>> with DefaultRunner("sqlite::memory:") as runner:
    ...     runner.execute("doc_task_failed").status
    'Completed'
    """
    return TriggerRule({"type": "TaskFailed", "task_name": task_id_of("task", task)})


def task_skipped(task: TaskReference) -> TriggerRule:
    """The task was Skipped.

    >>> task_skipped("load")
    TriggerRule({"type": "TaskSkipped", "task_name": "load"})
    """
    return TriggerRule({"type": "TaskSkipped", "task_name": task_id_of("task", task)})


def context_value(key: str, operator: str, value: Any = None) -> TriggerRule:
    """Compares a value of the context that the task is given.

    >>> context_value("total", ">", 100).to_dict()["operator"]
    'GreaterThan'
    """
    word = text("operator", operator)
    known = _OPERATORS.get(word, word if word in _OPERATORS.values() else None)
    if known is None:
        raise ValueError(f"operator is {word!r}; expected one of {', '.join(_OPERATORS)}")
    return TriggerRule({"type": "ContextValue", "key": text("key", key), "operator": known, "value": value})


def rule_of(argument: str, rule: Any) -> dict[str, Any]:
    """The JSON of what was given as a rule: an object of this module, or that JSON."""
    if isinstance(rule, TriggerRule):
        return rule._json
    if isinstance(rule, dict):
        return rule
    if isinstance(rule, str):
        import json

        try:
            parsed = json.loads(rule)
        except ValueError as error:
            raise ValueError(f"{argument}: not the JSON of a trigger rule: {error}") from None
        if isinstance(parsed, dict):
            return parsed
    raise wrong_type(argument, "a trigger rule such as all_of(...), or its JSON", rule)
