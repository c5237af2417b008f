"""What a body does, as a hash: part of a workflow's content version, equal in every process.

It is taken from the compiled function, not from its source: that is there in a notebook and behind `-c` too, is what
really runs, and does not change when lines move or comments do. Functions and plain values that it has from the function
around it count; of anything else there only the type does, as what it holds may change while it runs.
"""

from __future__ import annotations

import functools
import types
from typing import Any, Iterable, Iterator, Tuple, Type


_FUNCTIONS: Tuple[Type[Any], ...] = (types.FunctionType, types.MethodType, functools.partial)


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


def _contents(function: types.FunctionType) -> list[Any]:
    """Of the variables that it has from around it."""
    contents = []
    for cell in function.__closure__ or ():
        try:
            contents.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            contents.append(None)
    return contents


def _functions(values: list[Any]) -> list[Any]:
    """The last one first: it is what is taken last from the end of a list."""
    return [value for value in reversed(values) if isinstance(value, _FUNCTIONS)]


def _layers(function: Any) -> Iterator[str]:
    """It, what it wraps, and the functions that it has from around it, each once: they may have each other."""
    seen: dict[int, Any] = {}  # kept, so that no other object gets the id of one
    pending = [function]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen[id(one)] = one
        if isinstance(one, functools.partial):
            named = tuple(sorted(one.keywords.items()))
            yield _constant(one.args) + _constant(named)
            pending += _functions([*one.args, *(value for _, value in named)])
            pending.append(one.func)
        elif isinstance(one, types.MethodType):
            pending.append(one.__func__)
        elif isinstance(one, types.FunctionType):
            yield _code(one.__code__)
            yield _constant(one.__defaults__ or ())
            yield _constant(tuple(sorted((one.__kwdefaults__ or {}).items())))
            contents = _contents(one)
            if contents:
                yield _constant(tuple(contents))
            pending += _functions(contents)
            pending.append(getattr(one, "__wrapped__", None))
        else:
            yield type(one).__qualname__
            pending.append(getattr(type(one), "__call__", None))
            pending.append(getattr(one, "__dict__", {}).get("__wrapped__"))


def fingerprint(function: Any) -> str:
    """16 hex digits."""
    return _hash(_layers(function))[:16]
