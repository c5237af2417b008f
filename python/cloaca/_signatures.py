"""What a function's parameters and hints say about the task that it is.

A parameter that must be given, and whose type hint is a type other than the Context's, decides that a task takes its inputs
by name: each parameter is then the name of a key. All other tasks are called with the Context, and with a handle if the
second parameter is called so.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ._cloaca import Context, TaskHandle
from ._errors import PermanentError, ValidationError
from ._wrappers import HANDLES, Asked, ask

_CONTEXTS = ("context", "ctx")
_ABSENT = inspect.Parameter.empty
_MISSING = object()


def is_async(function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))


def signature_of(task_id: str, function: Any) -> Optional[Signature]:
    asked = ask(function)
    return None if asked is None else Signature(task_id, asked)


def _is_single(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Signature:
    """What a task takes from its context and gives to it, as far as hints say."""

    def __init__(self, task_id: str, asked: Asked) -> None:
        self.task_id = task_id
        #: Known when the workflow is built: only then is every name there that a hint may use.
        self.takes_inputs = False
        #: Of what it takes by name: key -> hint.
        self.takes: Dict[str, Any] = {}
        #: Of what its return hint declares: key -> hint.
        self.gives: Dict[str, Any] = {}
        #: Whether it may give more than it declares.
        self.gives_more = True
        self._asked = asked
        self._parameters = [one for one in asked.signature.parameters.values() if _is_single(one)]
        self._returned = asked.signature.return_annotation
        self._readers: Dict[str, Any] = {}
        self._meanings: Dict[str, Any] = {}
        self._is_settled = self._is_read = False
        self._globals: Dict[str, Any] = getattr(asked.function, "__globals__", {})
        hints = [self._returned, *(one.annotation for one in self._parameters)]
        has_hints = any(hint is not _ABSENT for hint in hints)
        self._locals = _names_around(asked.function) if has_hints else {}

    def settle(self) -> None:
        """Decides how the task is called."""
        if not self._is_settled:
            self._is_settled, self.takes_inputs = True, self._decide()

    def _decide(self) -> bool:
        parameters = list(self._asked.signature.parameters.values())
        if not parameters:
            return self._returned is not _ABSENT  # without any hint it is an error, as ever
        # A wrapper may give the others, as `unittest.mock.patch` does.
        asked = parameters[:1] if self._asked.is_wrapped else parameters
        must = [one for one in asked if one.default is _ABSENT and _is_single(one)]
        return any(self._meaning(one) is True for one in must)

    def _meaning(self, parameter: inspect.Parameter) -> Any:
        """Context, TaskHandle, or whether its hint is another type."""
        if parameter.name in _CONTEXTS:
            return Context
        if parameter.name in HANDLES:
            return TaskHandle
        hint = parameter.annotation
        if hint is _ABSENT or hint is Any or hint is object:
            return False
        if parameter.name not in self._meanings:
            self._meanings[parameter.name] = self._meaning_of(hint)
        return self._meanings[parameter.name]

    def _meaning_of(self, hint: Any) -> Any:
        from . import _hints

        kinds = (Context, TaskHandle)
        try:
            return _hints.meaning(_hints.resolve(hint, self._globals, self._locals), kinds)
        except Exception:  # it may be any expression, or a name that is imported for type checkers alone
            words = re.findall(r"\w+", hint) if isinstance(hint, str) else []
            return next((kind for kind in kinds if kind.__name__ in words), False)

    def _is_input(self, parameter: inspect.Parameter) -> bool:
        return isinstance(self._meaning(parameter), bool)

    def read_hints(self) -> None:
        """ValueError: one of an input cannot be read."""
        if not self.takes_inputs and (self._returned is _ABSENT or self._returned is None):
            self._is_read = True
        if self._is_read:
            self._locals = {}
            return
        from . import _hints, _readers

        for one in self._parameters if self.takes_inputs else ():
            if self._is_input(one):
                self.takes[one.name] = self._hint_of(one)
                self._readers[one.name] = _readers.reader(self.takes[one.name], self._locals)
        has_context = not self.takes_inputs or any(self._meaning(one) is Context for one in self._parameters)
        try:
            returned = _hints.resolve(self._returned, self._globals, self._locals)
            declared = _hints.declared(returned, self._locals)
        except Exception:  # it may be any expression, and is then not understood
            declared = None
        if declared is not None:
            self.gives, self.gives_more = declared, has_context
        self._locals, self._is_read = {}, True

    def _hint_of(self, parameter: inspect.Parameter) -> Any:
        from . import _hints

        if parameter.annotation is _ABSENT:
            return Any
        try:
            return _hints.resolve(parameter.annotation, self._globals, self._locals)
        except Exception as error:
            raise ValidationError(
                f"task '{self.task_id}': the type hint {parameter.annotation!r} of '{parameter.name}' cannot be read: "
                f"{type(error).__name__}: {error}"
            ) from None

    def body(self, function: Callable[..., Any]) -> Tuple[Callable[..., Any], bool]:
        """What is called with the Context, and whether it is called with a handle too."""
        handle = self._asked.handle
        if self.takes_inputs:
            return self._by_name(function), any(self._meaning(one) is TaskHandle for one in self._parameters)
        if not handle:
            return function, handle is not None
        keyword = handle
        return lambda context, given: function(context, **{keyword: given}), True

    def _by_name(self, function: Callable[..., Any]) -> Callable[..., Any]:
        sources = [(one, self._source(one)) for one in self._parameters if self._can_pass(one)]

        def call(context: Context, handle: Optional[TaskHandle] = None) -> Any:
            positional: List[Any] = []
            named: Dict[str, Any] = {}
            for parameter, source in sources:
                if self._is_positional(parameter):
                    positional.append(source(context, handle))
                else:
                    named[parameter.name] = source(context, handle)
            return function(*positional, **named)

        return call

    def _can_pass(self, parameter: inspect.Parameter) -> bool:
        """A wrapper that takes only `*args` leaves keyword-only parameters at their defaults."""
        return self._is_positional(parameter) or not self._asked.is_wrapped or self._asked.keywords

    def _is_positional(self, parameter: inspect.Parameter) -> bool:
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            return True
        # Wrappers look into `args[0]`, or take nothing else.
        behind = self._asked.is_wrapped and self._asked.rest
        return behind and parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD

    def _source(self, parameter: inspect.Parameter) -> Callable[[Context, Optional[TaskHandle]], Any]:
        meaning = self._meaning(parameter)
        if meaning is Context:
            return lambda context, _: context
        if meaning is TaskHandle:
            return lambda _, handle: handle
        return lambda context, _: self._input(parameter, context)

    def _input(self, parameter: inspect.Parameter, context: Context) -> Any:
        key = parameter.name
        value = context.get(key, _MISSING)
        if value is not _MISSING:
            read = self._readers[key]
            try:
                return value if read is None else read(value)
            except (TypeError, ValueError) as error:
                raise PermanentError(f"task '{self.task_id}', key '{key}': {error}") from None
        if parameter.default is not _ABSENT:
            return parameter.default
        from ._hints import name_of

        # Permanent: another attempt would be given the same context.
        raise PermanentError(
            f"task '{self.task_id}' takes key '{key}' ({name_of(self.takes[key])}), which is not there; its context "
            f"has {', '.join(context.keys()) or 'no key'}"
        )


def _names_around(function: Any) -> Mapping[str, Any]:
    """Of the function in which a task is defined, if it is in one and that still runs: hints that are text may use them."""
    outer, local, _ = getattr(function, "__qualname__", "").rpartition(".<locals>.")
    if not local:
        return {}
    name = outer.rpartition(".")[2]
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    caller: Any = frame
    while caller is not None:
        if caller.f_code.co_name == name and caller.f_globals is function.__globals__:
            return dict(caller.f_locals)
        caller = caller.f_back
    return dict(frame.f_locals)
