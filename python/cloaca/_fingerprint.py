"""What a body does, as a hash: part of a workflow's content version, equal in every process.

It is taken from the compiled function, not from its source: that is there in a notebook and behind `-c` too, is what
really runs, and does not change when lines move or comments do.
"""

from __future__ import annotations

import functools
import types
from typing import Any, Iterable, Iterator


def _hash(parts: Iterable[str]) -> str:
    import hashlib  # it loads OpenSSL, for which the import of the package need not wait

    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _constant(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, frozenset):  # its order differs from process to process
        return "frozenset(" + ",".join(sorted(map(_constant, value))) + ")"
    if isinstance(value, tuple):
        return "(" + ",".join(map(_constant, value)) + ")"
    if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str, bytes)):
        return repr(value)
    return type(value).__qualname__  # its repr may hold an address


@functools.lru_cache(maxsize=4096)
def _code(code: types.CodeType) -> str:
    parts = [
        code.co_code.hex(),
        str(code.co_flags),
        ",".join(map(_constant, code.co_consts)),
        ",".join(code.co_names),
        ",".join(code.co_varnames),
        ",".join(code.co_freevars),
        ",".join(code.co_cellvars),
        getattr(code, "co_exceptiontable", b"").hex(),
    ]
    return _hash(parts)


def _layers(function: Any) -> Iterator[str]:
    seen: set[int] = set()
    while function is not None and id(function) not in seen:
        seen.add(id(function))
        if isinstance(function, functools.partial):
            yield _constant(function.args) + _constant(tuple(sorted(function.keywords.items())))
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif isinstance(function, types.FunctionType):
            yield _code(function.__code__)
            yield _constant(function.__defaults__ or ())
            yield _constant(tuple(sorted((function.__kwdefaults__ or {}).items())))
            function = getattr(function, "__wrapped__", None)
        else:
            yield type(function).__qualname__
            function = getattr(type(function), "__call__", None)


def fingerprint(function: Any) -> str:
    """16 hex digits."""
    return _hash(_layers(function))[:16]
