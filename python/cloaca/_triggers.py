"""Event triggers: `@trigger` makes of a function what runners poll, and `TriggerResult` is what it returns."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Optional, Tuple, TypeVar, Union

from . import _cloaca, _registry
from ._arguments import boolean, milliseconds, text, text_or, wrong_type
from ._arguments import name as name_argument
from ._cloaca import Context
from ._errors import ValidationError
from ._references import current_builder, identity
from ._times import now

if TYPE_CHECKING:
    from ._inputs import Input

Poll = TypeVar("Poll", bound=Callable[..., Any])
#: Text such as "500ms", "5s", "2m", "1h"; a number of seconds; or a timedelta.
Interval = Union[str, float, datetime.timedelta]

_LONGEST_NAME = 255  # bytes
_DEFAULT_INTERVAL = "5s"


class TriggerResult:
    """What the function of a trigger returns: nothing was found, or what its workflow is to be run for.

    >>> TriggerResult.skip(), TriggerResult.fire({"file": "a.csv"}).is_fire_result()
    (TriggerResult.Skip, True)
    >>> TriggerResult.fire_all({"file": name} for name in ("a.csv", "b.csv"))
    TriggerResult.FireAll(<2 contexts>)
    """

    __slots__ = ("_contexts", "_shown")

    def __init__(self, contexts: Tuple[Context, ...], shown: str) -> None:
        self._contexts, self._shown = contexts, shown

    @staticmethod
    def skip() -> TriggerResult:
        return TriggerResult((), "Skip")

    @staticmethod
    def fire(context: Input = None) -> TriggerResult:
        """One execution with this input: a Context, a dict, a dataclass or a model, as it is now."""
        return TriggerResult((_copy("context", context),), f"Fire({'None' if context is None else '<context>'})")

    @staticmethod
    def fire_all(contexts: Iterable[Input]) -> TriggerResult:
        """An execution with each of these inputs, all stored by one transaction; without any the same as `skip`.

        At most 10 000, and 64 MiB of inputs. A poll that returns more has failed, and fires nothing: leave the rest to
        the next poll, and keep in the state how far it is.
        """
        if isinstance(contexts, (str, bytes, dict, Context)) or not hasattr(contexts, "__iter__"):
            raise wrong_type("contexts", "a list of Context or dict", contexts)
        copies = tuple(_copy("contexts", one) for one in contexts)
        return TriggerResult(copies, f"FireAll(<{len(copies)} contexts>)")

    def is_fire_result(self) -> bool:
        return bool(self._contexts)

    def is_skip_result(self) -> bool:
        return not self._contexts

    def __repr__(self) -> str:
        return f"TriggerResult.{self._shown}"


def _copy(what: str, value: Any) -> Context:
    known = isinstance(value, (Context, dict)) or value is None
    if not known and not any(hasattr(type(value), name) for name in ("model_dump", "__dataclass_fields__")):
        raise wrong_type(what, "Context, dict or None", value)
    return Context(value)


class Trigger:
    """A function and when it fires, checked as far as it can be alone; `plain` is what the engine is told."""

    __slots__ = ("function", "name", "plain")

    def __init__(self, function: Callable[..., Any], options: Dict[str, Any]) -> None:
        from ._signatures import is_async  # with `inspect`, which would be a tenth of the module's import

        if not callable(function):
            raise wrong_type("trigger", "a function", function)
        name = options["name"] if options["name"] is not None else getattr(function, "__name__", None)
        if name is None:
            raise ValueError("trigger: the callable has no __name__; give a name")
        self.function, self.name = function, name_argument("name", name)
        size = len(self.name.encode())
        if size > _LONGEST_NAME:
            raise ValidationError(f"name of a trigger: it has {size} bytes; 1 to {_LONGEST_NAME} are allowed")
        self.plain = {**options, "name": self.name}
        if "cron" not in options:
            called, wants_context = _called(self.name, function)
            self.plain.update(function=called, wants_context=wants_context, is_async=is_async(function))

    def stands_for(self, other: Trigger) -> bool:
        """Whether it is the other one, run again: a notebook's cell, a module that is reloaded, a function's function."""
        mine, theirs = self._place(), other._place()
        return "<locals>" in mine[0] or (mine[0] == theirs[0] and (mine[1] == theirs[1] or mine[2] == theirs[2]))

    def place(self) -> str:
        qualname, module, _ = self._place()
        return f"{module}.{qualname}"

    def _place(self) -> Tuple[str, str, str]:
        file = getattr(getattr(self.function, "__code__", None), "co_filename", "")
        module = getattr(self.function, "__module__", None) or "?"
        return getattr(self.function, "__qualname__", "<locals>"), module, file


def _called(name: str, function: Callable[..., Any]) -> Tuple[Callable[..., Any], bool]:
    """What is called, and whether with a TriggerContext."""
    from ._wrappers import ask

    asked = ask(function)
    parameters = list(asked.signature.parameters.values()) if asked is not None else []
    single = [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    must = [one for one in single if one.default is one.empty]
    if len(must) > 1:
        names = ", ".join(one.name for one in must)
        raise TypeError(f"trigger '{name}': its function takes {names}; expected one parameter, or none")
    wanted = must or [one for one in single if one.name == "trigger"]
    if not wanted:
        return function, False
    keyword = wanted[0].name
    if wanted[0].kind is wanted[0].KEYWORD_ONLY or wanted[0] is not single[0]:
        return lambda trigger: function(**{keyword: trigger}), True
    return function, True


def options_of(
    workflow: Any, on: Any, name: Any, poll_interval: Any, allow_concurrent: Any, cron: Any, timezone: Any
) -> Dict[str, Any]:
    """Of one that is polled, or with `cron` of one that is not."""
    options: Dict[str, Any] = {
        "workflow": _workflow(workflow, on),
        "name": None if name is None else text("name", name),
    }
    interval = _interval(_DEFAULT_INTERVAL if poll_interval is None else poll_interval)
    concurrent = False if allow_concurrent is None else boolean("allow_concurrent", allow_concurrent)
    if cron is None:
        if timezone is not None:
            raise ValueError(f"timezone is {timezone!r}, but there is no cron expression; give both, or none")
        return {**options, "poll_interval_ms": interval, "allow_concurrent": concurrent}
    options.update(cron=text("cron", cron), timezone=text_or("timezone", timezone, "UTC"))
    try:
        _cloaca.next_firings(options["cron"], options["timezone"], now(), 1)
    except ValidationError as error:
        raise ValidationError(f"cron: {error}") from None
    return options


def _workflow(workflow: Any, on: Any) -> str:
    if workflow is not None and on is not None and workflow != on:
        raise ValueError(f"workflow is {workflow!r}, and on is {on!r}; they mean the same: give one of them")
    if workflow is not None:
        return name_argument("workflow", workflow)
    if on is not None:
        return name_argument("on", on)
    builder = current_builder.get()
    if builder is None:
        raise ValueError('trigger: which workflow does it fire? Name it, as in @trigger("import_file")')
    return builder._name


def _interval(value: Any) -> int:
    if isinstance(value, str):
        try:
            found = _cloaca.read_duration(text("poll_interval", value))
        except ValidationError as error:
            raise ValidationError(f"poll_interval: {error}") from None
    elif isinstance(value, datetime.timedelta):
        found = milliseconds("poll_interval", value.total_seconds())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = milliseconds("poll_interval", value)
    else:
        raise wrong_type("poll_interval", "text such as '5s', seconds as a number, or a timedelta", value)
    if found < 1:
        raise ValidationError(f"poll_interval is {value}; expected 1ms to 100 years, such as 500ms, 5s, 2m or 1h")
    return found


def trigger(
    workflow: Optional[str] = None,
    *,
    on: Optional[str] = None,
    name: Optional[str] = None,
    poll_interval: Optional[Interval] = "5s",
    allow_concurrent: Optional[bool] = False,
    cron: Optional[str] = None,
    timezone: Optional[str] = None,
) -> Callable[[Poll], Poll]:
    """Has the function below it polled by every runner that is made from now on; it can still be called.

    workflow, or `on`: the name of what it fires; without one, that of the `with WorkflowBuilder(...)` block around it. It
    must be registered when a runner is made, else that is a ValueError with the nearest names. name: its
    `__name__` if not given; one of a name is in a database, whichever process polls it. The same function run
    again, as in a notebook, replaces itself, and so does a local function; another one of this name is a ValueError.
    poll_interval: from the start of a poll to the next: text ("500ms", "5s", "2m", "1h"), seconds, or a timedelta; 1 ms to
    100 years.

    The function takes nothing, or one parameter: a `TriggerContext`, whose `state` it keeps from poll to poll, also over
    restarts. It returns `TriggerResult.skip()`, `.fire(context)` or `.fire_all(contexts)`. Each execution is given that, and
    `trigger_name` and `triggered_at`. What it fires and its state are stored together, so that nothing is fired for
    twice. An exception, any other value, or a poll that takes longer than `trigger_poll_timeout_ms` is recorded (see
    `DefaultRunner.get_trigger_schedule`), and it is polled on. An `async def` is awaited on an event loop of the runner, a
    `def` called by a thread of its own. One runner polls it at a time, and one poll is under way, but for such as took too long
    and do not come back.

    allow_concurrent: False: while an execution that it has fired is unfinished, it fires no other with the same input.

    cron, timezone: a schedule instead of polls: every runner registers it, with the trigger's name, and the function is not
    called. See `DefaultRunner.register_cron_workflow`.

    >>> with WorkflowBuilder("doc_trigger") as builder:
    ...     @task()
    ...     def read(file: str):
    ...         return {"text": f"read {file}"}
    >>> import time
    >>> files = ["a.csv", "b.csv"]  # as a directory would list them
    >>> @trigger("doc_trigger", poll_interval="10ms")
    ... def doc_new_files(trigger):
    ...     new = sorted(set(files) - set(trigger.state.get("seen", [])))
    ...     trigger.state["seen"] = files
    ...     return TriggerResult.fire_all({"file": file} for file in new)
    >>> with DefaultRunner("sqlite::memory:") as runner:
    ...     while len(fired := runner.get_trigger_execution_history("doc_new_files")) < 2:
    ...         time.sleep(0.01)
    ...     for line in reversed(fired):
    ...         runner.handle(line["workflow_execution_id"]).result().final_context["text"]
    'read a.csv'
    'read b.csv'
    """
    if callable(workflow):
        raise TypeError('trigger: expected @trigger("workflow"), got a function in place of the workflow\'s name')
    options = options_of(workflow, on, name, poll_interval, allow_concurrent, cron, timezone)

    def decorate(function: Poll) -> Poll:
        made = Trigger(function, options)
        _registry.register_trigger(made)
        try:
            function.__cloaca_trigger__ = made  # type: ignore[attr-defined]
        except AttributeError:
            pass  # methods and slotted callables are found by what they are
        return function

    return decorate


def decorated(function: Any) -> Optional[Trigger]:
    """The trigger that was made of it. A wrapper may have its attribute, and is not it."""
    own = getattr(function, "__cloaca_trigger__", None)
    candidates = ([own] if isinstance(own, Trigger) else []) + list(_registry.triggers())
    return next((one for one in candidates if identity(one.function) == identity(function)), None)
