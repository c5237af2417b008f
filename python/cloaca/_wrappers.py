"""Which function says what a callable takes: itself, or what it wraps where it passes its arguments on.

`functools.wraps` gives a wrapper the hints and the `__signature__` of what it wraps, which say nothing about the wrapper's
own parameters. So only a wrapper that takes `*args` or `**kwargs` is looked behind.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any, NamedTuple, Optional, Tuple

HANDLES = ("handle", "task_handle")
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Asked(NamedTuple):
    """What is known of a callable without its hints."""

    signature: inspect.Signature
    #: Whose signature it is: its module and its enclosing function have the names that hints use.
    function: Any
    #: Whether wrappers that pass on what they are given stand before it.
    is_wrapped: bool
    #: Whether the callable itself takes any positional arguments, and any keywords.
    rest: bool
    keywords: bool
    #: How it takes a handle beside the context: "" as the second argument, or by this keyword; None: not at all.
    handle: Optional[str]


def _own(function: Any) -> Optional[inspect.Signature]:
    try:
        return inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):  # some builtins tell nothing
        return None


def _bare(function: Any) -> Any:
    """Without what `functools.wraps` has copied to it."""
    if not isinstance(function, types.FunctionType) or not hasattr(function, "__wrapped__"):
        return function
    bare = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    bare.__kwdefaults__ = function.__kwdefaults__
    return bare


def _passes_on(function: Any, first: int) -> bool:
    """Whether it takes argument number `first` as one of `*args`."""
    signature = _own(_bare(function))
    # What tells nothing and wraps something is made in C, such as what functools.lru_cache returns.
    return signature is None or any(one.kind in _REST for one in list(signature.parameters.values())[: first + 1])


def _behind(function: Any, first: int) -> Tuple[Any, bool]:
    """What takes argument number `first` by a name, bound as `function` is; and whether that is another function."""
    if isinstance(function, functools.partial):
        inner, is_wrapped = _behind(function.func, first + len(function.args))
        return functools.partial(inner, *function.args, **function.keywords), is_wrapped
    if isinstance(function, types.MethodType):
        inner, is_wrapped = _behind(function.__func__, first + 1)
        return types.MethodType(inner, function.__self__), is_wrapped
    wrapped = getattr(function, "__wrapped__", None)
    if callable(wrapped) and _passes_on(function, first):
        return _behind(wrapped, first)[0], True
    call = getattr(type(function), "__call__", None)
    if isinstance(call, types.FunctionType) and not isinstance(function, type):
        return _behind(types.MethodType(call, function), first)
    return _bare(function), False


def _handle(function: Any) -> Optional[str]:
    inner = _behind(function, 1)[0]
    told = _own(inner)
    for place, one in enumerate(told.parameters.values() if told is not None else ()):
        if one.name in HANDLES and one.kind is inspect.Parameter.KEYWORD_ONLY:
            if place == 1 or one.default is inspect.Parameter.empty:
                return one.name
        elif one.name in HANDLES and place == 1:
            return ""
    return None


def ask(function: Any) -> Optional[Asked]:
    """None: it tells nothing."""
    try:
        inner, is_wrapped = _behind(function, 0)
        signature = _own(inner)
        if signature is None:
            return None
        handle = _handle(function)
    except RecursionError:  # a function that wraps itself
        return None
    while isinstance(inner, (functools.partial, types.MethodType)):
        inner = inner.func if isinstance(inner, functools.partial) else inner.__func__
    outer = _own(_bare(function)) if is_wrapped else None
    kinds = {one.kind for one in outer.parameters.values()} if outer is not None else set(_REST)
    return Asked(signature, inner, is_wrapped, _REST[0] in kinds, _REST[1] in kinds, handle)
