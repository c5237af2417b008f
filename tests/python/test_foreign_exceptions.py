"""Whatever a body raises fails its attempt, is told as valid UTF-8, and leaves the runner alive."""

import asyncio
import concurrent.futures
import json
import socket
import sys

import pytest

import cloaca


class SilentError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class WrongWords(Exception):
    def __str__(self):
        return 7


class NoRepr(Exception):
    def __repr__(self):
        raise RuntimeError("no picture")


class EndsTheProcess(Exception):
    def __str__(self):
        raise SystemExit(3)


class Nameless(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class NamelessError(Exception, metaclass=Nameless):
    pass


class Masked(Exception):
    @property
    def __class__(self):
        return int


class NoArguments(Exception):
    def __init__(self):
        super().__init__()


class OwnBase(BaseException):
    pass


class NoTraceback(Exception):
    @property
    def __traceback__(self):
        raise RuntimeError("no traceback")


def raising(error):
    def body():
        raise error

    return body


def recursion():
    return recursion()


def chained():
    try:
        raise ValueError("the first")
    except ValueError as first:
        raise KeyError("the second") from first


def circular():
    first, second = ValueError("one"), ValueError("two")
    first.__cause__, second.__cause__ = second, first
    raise first


def from_a_generator():
    def items():
        yield 1
        raise StopIteration("too early")

    return list(items())


def group():
    raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])  # noqa: F821


def long_chain():
    error = None
    for i in range(300):
        following = ValueError(f"link {i}")
        following.__context__ = error
        error = following
    raise error


KINDS = {
    "exception": raising(Exception("plain")),
    "no words": raising(Exception()),
    "base exception": raising(OwnBase("own")),
    "system exit": raising(SystemExit(2)),
    "keyboard interrupt": raising(KeyboardInterrupt()),
    "generator exit": raising(GeneratorExit()),
    "stop iteration": raising(StopIteration(1)),
    "stop async iteration": raising(StopAsyncIteration()),
    "cancelled": raising(asyncio.CancelledError("by whom?")),
    "cancelled future": raising(concurrent.futures.CancelledError()),
    "memory": raising(MemoryError()),
    "recursion": recursion,
    "operating system": raising(OSError(28, "No space left on device", "/tmp/x")),
    "address": raising(socket.gaierror(-2, "Name or service not known")),
    "key": raising(KeyError("k")),
    "not text": lambda: b"\xff".decode("utf-8"),
    "not json": lambda: json.loads("{"),
    "division": lambda: 1 // 0,
    "assertion": raising(AssertionError()),
    "warning": raising(DeprecationWarning("old")),
    "lone surrogate": raising(ValueError("\ud800")),
    "zero byte": raising(ValueError("a\0b")),
    "long": raising(ValueError("ä" * 1_000_000)),
    "words that raise": raising(SilentError()),
    "words that are no text": raising(WrongWords()),
    "words that end the process": raising(EndsTheProcess()),
    "picture that raises": raising(NoRepr("x")),
    "class without a name": raising(NamelessError("x")),
    "class of another": raising(Masked("x")),
    "no traceback": raising(NoTraceback("x")),
    "no arguments": raising(NoArguments()),
    "chained": chained,
    "circular": circular,
    "long chain": long_chain,
    "generator": from_a_generator,
    "group": group,
    "imported": lambda: __import__("no_such_module"),
    "syntax": lambda: compile("a b", "x", "exec"),
}


def test_there_are_enough_kinds():
    assert len(KINDS) >= 30


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("kind", KINDS)
def test_kind(runner, name, kind, how):
    if kind == "group" and sys.version_info < (3, 11):
        pytest.skip("no groups of exceptions before Python 3.11")
    body = KINDS[kind]
    with cloaca.WorkflowBuilder(name):
        if how == "sync":

            @cloaca.task(id="bad", retry_attempts=1)
            def bad(context):
                body()

        else:

            @cloaca.task(id="bad", retry_attempts=1)
            async def bad(context):
                await asyncio.sleep(0)
                body()

    with cloaca.WorkflowBuilder(f"{name} fine"):

        @cloaca.task()
        def fine(context):
            context.set("fine", True)

    result = runner.execute(name, timeout=9)
    assert result.status == "Failed"
    error = result.task_results["bad"].error
    assert "Python task execution failed: " in error
    assert error.encode("utf-8").decode("utf-8") == error
    stored = runner.result(result.execution_id).task_results["bad"].error
    assert stored == error
    assert runner.execute(f"{name} fine").final_context["fine"] is True
