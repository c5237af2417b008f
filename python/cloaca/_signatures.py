"""What a function's parameters and hints say about the task that it is.

A parameter decides that a task takes its inputs by name if it is the first one or has no default, and has a type hint
that is not the Context's: each parameter is then the name of a key. All other tasks are called with the Context, and with
a handle if the second parameter is called so.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional

from ._cloaca import Context, TaskHandle
from ._errors import PermanentError, ValidationError

_HANDLES = ("handle", "task_handle")
_CONTEXTS = ("context", "ctx")
_SAY_NOTHING = ("Any", "object")
_ABSENT = inspect.Parameter.empty
_MISSING = object()


def signature_of(function: Any) -> Optional[inspect.Signature]:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some builtins tell nothing
        return None


def is_async(function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))


def wants_handle(signature: Optional[inspect.Signature]) -> bool:
    parameters = list(signature.parameters.values()) if signature is not None else []
    if signature is not None and takes_inputs(signature):
        return any(map(_is_handle, parameters))
    return len(parameters) > 1 and parameters[1].name in _HANDLES


def _last_name(hint: str) -> str:
    """Of a dotted one that is not read: it may name what is imported for type checkers alone."""
    return hint.strip("'\" ").rpartition(".")[2]


def _is(hint: Any, kind: type) -> bool:
    if isinstance(hint, str):
        return _last_name(hint) == kind.__name__
    return isinstance(hint, type) and issubclass(hint, kind)


def _is_context(parameter: inspect.Parameter) -> bool:
    return parameter.name in _CONTEXTS or _is(parameter.annotation, Context)


def _is_handle(parameter: inspect.Parameter) -> bool:
    return parameter.name in _HANDLES or _is(parameter.annotation, TaskHandle)


def _is_single(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _is_input(parameter: inspect.Parameter) -> bool:
    return _is_single(parameter) and not _is_context(parameter) and not _is_handle(parameter)


def _says_a_type(hint: Any) -> bool:
    if isinstance(hint, str):
        return _last_name(hint) not in _SAY_NOTHING
    return hint not in (_ABSENT, Any, object)


def takes_inputs(signature: inspect.Signature) -> bool:
    parameters = list(signature.parameters.values())
    if not parameters:
        return signature.return_annotation is not _ABSENT  # without any hint it is an error, as ever
    decide = [one for one in parameters if one is parameters[0] or one.default is _ABSENT]
    return any(_is_input(one) and _says_a_type(one.annotation) for one in decide)


class Signature:
    """What a task takes from its context and gives to it, as far as hints say."""

    def __init__(self, task_id: str, function: Any, signature: inspect.Signature) -> None:
        self.task_id = task_id
        self.takes_inputs = takes_inputs(signature)
        #: Of what it takes by name: key -> hint.
        self.takes: Dict[str, Any] = {}
        #: Of what its return hint declares: key -> hint.
        self.gives: Dict[str, Any] = {}
        #: Whether it may give more than it declares.
        self.gives_more = True
        self._parameters = [one for one in signature.parameters.values() if _is_single(one)]
        self._returned = signature.return_annotation
        self._readers: Dict[str, Any] = {}
        self._is_read = not self.takes_inputs and self._returned in (_ABSENT, None)
        if self._is_read:
            return
        while isinstance(function, functools.partial):
            function = function.func
        function = inspect.unwrap(function)
        self._globals: Dict[str, Any] = getattr(function, "__globals__", {})
        self._locals = _names_of_caller() if "<locals>" in getattr(function, "__qualname__", "") else {}

    def read_hints(self) -> None:
        """When the workflow is built, and every name that a hint may use is there; ValueError."""
        if self._is_read:
            return
        from . import _hints

        for one in self._parameters if self.takes_inputs else ():
            if _is_input(one):
                self.takes[one.name] = self._hint_of(one)
                self._readers[one.name] = _hints.reader(self.takes[one.name], self._locals)
        has_context = not self.takes_inputs or any(map(_is_context, self._parameters))
        try:
            returned = _hints.resolve(self._returned, self._globals, self._locals)
        except Exception:  # it may be any expression, and is then not understood
            returned = Any
        declared = _hints.declared(returned, self._locals)
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

    def body(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """What is called with the Context, and a handle where one is wanted."""
        if not self.takes_inputs:
            return function
        sources = [(one, self._source(one)) for one in self._parameters]

        def call(context: Context, handle: Optional[TaskHandle] = None) -> Any:
            positional: List[Any] = []
            named: Dict[str, Any] = {}
            for parameter, source in sources:
                if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                    positional.append(source(context, handle))
                else:
                    named[parameter.name] = source(context, handle)
            return function(*positional, **named)

        return call

    def _source(self, parameter: inspect.Parameter) -> Callable[[Context, Optional[TaskHandle]], Any]:
        if _is_context(parameter):
            return lambda context, _: context
        if _is_handle(parameter):
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


def _names_of_caller() -> Mapping[str, Any]:
    """Of the function in which a task is defined: hints that are text may use them."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return dict(frame.f_locals)
