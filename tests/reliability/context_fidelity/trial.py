"""Context fidelity: random and hostile JSON from submission to the stored output, equal or refused, never changed.

On every driver the same is refused: one table decides (`expected`), and what goes to a server goes to a file as well, which
must answer with the same words.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import random
import struct
import subprocess
import sys

from databases import SqliteFile
from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"lossy_integer": "integers beyond 2^53 are stored exactly"}

MOST_LEVELS = 512
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1
AT_ONCE = 10_000  # cases of one process
CASES_OF_LARGE = 1_000  # one case in so many is large

INTEGERS = [0, 1, -1, *(sign * (2**power + off) for sign in (1, -1) for power in (31, 32, 53, 63, 64) for off in (-1, 0, 1)),
            10**18, 10**19, 10**20, 10**40]
# As tokens: how they are written is part of what may go wrong.
NUMBERS = ["-0.0", "0.0", "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "-1e400", "5e-324",
           "2.2250738585072011e-308", "2.4703282292062327e-324", "1e-400", "0.1", "1e0", "1E+2", "9007199254740993.0",
           "123456789012345678901234567890.5", "0.30000000000000004", "3.0", "NaN", "Infinity", "-Infinity", "01", "1."]
# As they stand between the quotes of a JSON text.
TEXTS = [b"", b"plain", b"\\u0000", b"a\\u0000b", b"\\ud83d\\ude00", "\U0001f600 \u00e9 \u2028 \ufffe".encode(), b"\\ud800", b"\\udc00x",
         b"\\ud800\\ud800", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\\u0001\\u001f\\u007f",
         b"\x01", b"\\\"\\\\\\/\\b\\f\\n\\r\\t", b"e\xcc\x81", b"\xef\xbb\xbf", b"'; DROP TABLE runners; --", b"$1 {s} %s", b"\\x"]


@dataclasses.dataclass
class Case:
    kind: str
    data: bytes
    key: bytes = b""  # what a refusal must name


class Maker:
    """Random texts of JSON objects, mostly sound."""

    def __init__(self, dice: random.Random, hostile: float):
        self.dice, self.hostile = dice, hostile

    def text(self) -> bytes:
        if self.dice.random() < self.hostile:
            return self.dice.choice(TEXTS)
        return json.dumps("".join(chr(self.dice.choice((32, 65, 97, 128, 0x4E00, 0x1F600)) + self.dice.randrange(26))
                                  for _ in range(self.dice.randrange(12))), ensure_ascii=self.dice.random() < 0.5)[1:-1].encode()

    def number(self) -> bytes:
        if self.dice.random() < self.hostile:
            return self.dice.choice([*NUMBERS, *map(str, INTEGERS)]).encode()
        if self.dice.random() < 0.5:
            return str(self.dice.randrange(LEAST_INTEGER, MOST_INTEGER + 1) >> self.dice.randrange(64)).encode()
        value = struct.unpack("d", self.dice.randbytes(8))[0]
        return (repr(value) if math.isfinite(value) else "0.5").encode()

    def value(self, depth: int) -> bytes:
        kind = self.dice.randrange(8 if depth else 6)
        if kind < 2:
            return self.number()
        if kind < 4:
            return b'"' + self.text() + b'"'
        if kind < 6:
            return self.dice.choice((b"null", b"true", b"false"))
        size = self.dice.randrange(5)
        if kind == 6:
            return b"[" + b", ".join(self.value(depth - 1) for _ in range(size)) + b"]"
        return self.members([self.text() for _ in range(size)], depth - 1)

    def members(self, keys: list[bytes], depth: int) -> bytes:
        return b"{" + b",".join(b'"' + key + b'":' + self.value(depth) for key in keys) + b"}"

    def case(self) -> Case:
        keys = [f"k{n}".encode() for n in range(self.dice.randrange(6))]
        if self.dice.random() < self.hostile:
            keys += [self.dice.choice([b"", b"k0", b"\\u0000", b"\\u006b0", b"\xc3\xa9", b"k\\n"])]
            self.dice.shuffle(keys)
        return Case("json", self.members(keys, 3))

    def large(self) -> Case:
        kind = self.dice.randrange(4)
        if kind == 0:
            keys = [f"{self.dice.randrange(20_000)}".encode() for _ in range(10_000)]
            return Case("json", b"{" + b",".join(b'"' + key + b'":' + self.number() for key in keys) + b"}")
        if kind == 1:
            return Case("json", b'{"large":"' + self.dice.choice((b"x", "\u00e9".encode(), b"\\u0000")) * (1 << 19) + b'"}')
        levels = MOST_LEVELS + self.dice.choice((-1, 0, 1, 100_000))
        opened, closed = self.dice.choice(((b"[", b"]"), (b'{"":', b"}")))
        return Case("json", b'{"deep":' + opened * levels + b"1" + closed * levels + b"}", b"deep")

    def from_cpp(self) -> Case:
        """What C++ puts; that no text of JSON could say, too."""
        where = self.dice.choice(("input_", "body_"))
        kind = self.dice.choice(("text", "key", "double", "double", "depth"))
        if kind == "depth":
            return Case(where + kind, str(MOST_LEVELS + self.dice.randrange(-2, 3)).encode(), b"probe")
        if kind == "double":
            special = self.dice.choice((math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 2.0**53 + 2))
            return Case(where + kind, self.dice.choice((struct.pack(">d", special), self.dice.randbytes(8))), b"probe")
        data = self.dice.choice((self.dice.randbytes(self.dice.randrange(1, 9)), self.dice.choice(TEXTS), b"a\0b"))
        return Case(where + kind, data, b"probe" if kind == "text" else b"key")


class Refused(Exception):
    """It must not be stored: the reason."""


def exact(text: bytes):
    """The value of a JSON text in which 1 is not 1.0, -0.0 is not 0.0, and the order of keys counts."""
    def integer(token: str) -> tuple:
        if not LEAST_INTEGER <= int(token) <= MOST_INTEGER:
            raise Refused(f"integer {token}")
        return ("integer", int(token))

    def real(token: str) -> tuple:
        if not math.isfinite(float(token)):
            raise Refused(f"number {token}")
        return ("real", struct.pack("d", float(token)))

    def constant(token: str):
        raise Refused(token)

    def members(pairs: list) -> tuple:
        last = dict(pairs)  # of equal keys the last, in the place of the first
        if len(last) < len(pairs):
            check_texts(pairs)
        return ("object", tuple(last.items()))

    decoded = text.decode("utf-8")
    value = json.loads(decoded, parse_int=integer, parse_float=real, parse_constant=constant, object_pairs_hook=members)
    check_texts(value)
    return value


def check_texts(value) -> None:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            part.encode("utf-8")  # a lone surrogate has no UTF-8
        elif isinstance(part, (list, tuple)):
            waiting += part


def levels(text: bytes) -> int:
    """How deep the containers stand in each other; of the cases that are deep, which hold no brackets in texts."""
    depth = most = 0
    for byte in text:
        depth += (byte in b"[{") - (byte in b"]}")
        most = max(most, depth)
    return most


def expected(case: Case):
    """What must be stored: the members of the input and what the body puts. Raises `Refused`."""
    if case.kind == "json":
        if case.key == b"deep" and levels(case.data) > MOST_LEVELS + 1:
            raise Refused("depth")
        try:
            members = exact(case.data)[1]
        except (UnicodeError, json.JSONDecodeError) as error:
            raise Refused(str(error)[:100]) from None
        return members, tuple(("copy of " + key, value) for key, value in members)
    where, kind = case.kind.split("_")
    made = ((probe(kind, case.data)),)
    if where == "body":
        return None, made
    return made, tuple(("copy of " + key, value) for key, value in made)


def probe(kind: str, data: bytes) -> tuple:
    try:
        if kind == "text":
            return "probe", data.decode("utf-8")
        if kind == "key":
            return data.decode("utf-8"), ("integer", 1)
    except UnicodeDecodeError:
        raise Refused("no UTF-8") from None
    if kind == "double":
        value = struct.unpack(">d", data)[0]
        if not math.isfinite(value):
            raise Refused(str(value))
        return "probe", ("real", struct.pack("d", value))
    if int(data) > MOST_LEVELS:
        raise Refused("depth")
    nested = ("integer", 1)
    for _ in range(int(data)):
        nested = [nested]
    return "probe", nested


def judge(cases: list[Case], answers: dict[int, str], database):
    stored = {int(row["idempotency_key"]): row for row in database.rows(
        "SELECT e.idempotency_key, e.status, coalesce(e.input, i.input) AS input, e.output, t.delta FROM workflow_executions AS e "
        "LEFT JOIN execution_inputs AS i ON i.execution_id = e.id LEFT JOIN task_executions AS t ON t.execution_id = e.id")}
    for number, case in enumerate(cases):
        shown = f"case {number} ({case.kind} {case.data[:200]!r})"
        answer = answers.get(number, "no answer")
        try:
            wanted = expected(case)
        except Refused as reason:
            if not answer.startswith("refused"):
                yield f"taken: {shown} was {answer}, though it must be refused: {reason}"
            elif not is_named(case, answer):
                yield f"unnamed: {shown} was {answer!r}"
            continue
        if answer != "accepted":
            yield f"refused: {shown} was {answer}"
        else:
            yield from compare(shown, number, wanted, stored.get(number))


def is_named(case: Case, answer: str) -> bool:
    """A refusal tells the key, or where in a text that is no JSON."""
    if case.kind != "json":
        return case.kind.endswith("key") and "the key is not valid UTF-8" in answer or f"key '{case.key.decode()}'" in answer
    return "context key '" in answer or "not valid JSON" in answer and "column" in answer


def compare(shown: str, number: int, wanted, row):
    if row is None or row["status"] != "Completed":
        yield f"lost: {shown} is stored as {row and row['status']}"
        return
    given, put = wanted
    if given is None:
        given = (("case", ("integer", number)),)
    everything = dict(given)
    everything.update(put)
    for what, members in (("input", given), ("output", tuple(everything.items()))):
        if exact(row[what].encode()) != ("object", tuple(members)):
            yield f"changed: the {what} of {shown} is stored as {row[what][:300]!r}"
    delta = exact((row["delta"] or "{}").encode())
    if delta != ("object", (("set", ("object", tuple(put))),) if put else ()):
        yield f"changed: the delta of {shown} is stored as {row['delta'][:300]!r}"


class Ended(Exception):
    """The process did not end well."""


def answers_of(trial: Trial, cases: list[Case], url: str) -> dict[int, str]:
    lines = b"".join(case.kind.encode() + b" " + case.data.hex().encode() + b"\n" for case in cases)
    answer = subprocess.run([trial.program("context_fidelity"), url], input=lines, env=trial.environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
    if answer.returncode != 0:
        raise Ended(f"exit: {answer.returncode}: {answer.stderr[-300:]!r}")
    answers = {}
    for line in answer.stdout.decode("utf-8", "replace").split("\n")[:-1]:  # splitlines() splits at more than that
        which, _, what = line.partition(" ")
        answers[int(which)] = what
    return answers


def one_round(trial: Trial, cases: list[Case], number: int, seen: collections.Counter[str]):
    database = trial.database(str(number))
    answers = answers_of(trial, cases, database.url)
    seen.update(what.split(" ")[0] for what in answers.values())
    yield from judge(cases, answers, database)
    database.close()
    if isinstance(database, SqliteFile):
        database.path.unlink()
    else:
        file = trial.directory / f"{number}.db"
        for which, other in answers_of(trial, cases, f"sqlite://{file}").items():
            if answers.get(which) != other:
                yield f"differs: case {which} ({cases[which].kind} {cases[which].data[:200]!r}) was {answers.get(which)} by the " \
                    f"server, {other} by the file"
        file.unlink()


def run(trial: Trial) -> list[str]:
    sys.setrecursionlimit(10 * MOST_LEVELS)  # values are compared by recursion
    rounds = trial.by_scale(1, 10, 100)
    maker = Maker(trial.dice, hostile=0.1)
    problems: list[str] = []
    seen: collections.Counter[str] = collections.Counter()
    for number in range(rounds):
        cases = [maker.large() if n % CASES_OF_LARGE == 0 else maker.from_cpp() if n % 5 == 0 else maker.case()
                 for n in range(AT_ONCE)]
        try:
            problems += one_round(trial, cases, number, seen)
        except Ended as ended:
            return [*problems, str(ended)]
    trial.note(cases=rounds * AT_ONCE, **seen)
    if not problems and min(seen["accepted"], seen["refused"]) < rounds * AT_ONCE // 10:
        raise Void(f"hardly anything was {min(seen, key=seen.get)}")
    return problems
