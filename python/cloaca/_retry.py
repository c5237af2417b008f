"""Retry policies: when a failed attempt of a task is followed by another one."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from . import _cloaca
from ._arguments import boolean, integer, milliseconds, number, text, wrong_type


def _short(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _multiplier(multiplier: Any) -> float:
    value = number("multiplier", multiplier)
    if value < 0:
        raise ValueError(f"multiplier is {multiplier}; expected a number of at least 0")
    return value


class BackoffStrategy:
    """How the wait between two attempts grows.

    >>> BackoffStrategy.exponential(2.0)
    BackoffStrategy.Exponential(base=2, multiplier=1)
    """

    __slots__ = ("_base", "_kind", "_multiplier")

    def __init__(self, kind: str, base: float = 2.0, multiplier: float = 1.0) -> None:
        self._kind, self._base, self._multiplier = kind, base, multiplier

    @staticmethod
    def fixed() -> BackoffStrategy:
        """Always the initial delay."""
        return BackoffStrategy("fixed")

    @staticmethod
    def linear(multiplier: float) -> BackoffStrategy:
        """initial delay · retry number · multiplier"""
        return BackoffStrategy("linear", multiplier=_multiplier(multiplier))

    @staticmethod
    def exponential(base: float, multiplier: Optional[float] = 1.0) -> BackoffStrategy:
        """initial delay · multiplier · base^(retry number − 1)"""
        factor = number("base", base)
        if factor <= 0:
            raise ValueError(f"base is {base}; expected a number above 0")
        return BackoffStrategy("exponential", factor, 1.0 if multiplier is None else _multiplier(multiplier))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BackoffStrategy):
            return NotImplemented
        return (self._kind, self._base, self._multiplier) == (other._kind, other._base, other._multiplier)

    def __hash__(self) -> int:
        return hash((self._kind, self._base, self._multiplier))

    def __repr__(self) -> str:
        if self._kind == "fixed":
            return "BackoffStrategy.Fixed"
        if self._kind == "linear":
            return f"BackoffStrategy.Linear(multiplier={_short(self._multiplier)})"
        return f"BackoffStrategy.Exponential(base={_short(self._base)}, multiplier={_short(self._multiplier)})"


class RetryCondition:
    """Which errors are worth another attempt.

    >>> policy = RetryPolicy.builder().retry_condition(RetryCondition.error_pattern(["rate limit"])).build()
    >>> policy.should_retry(1, "429: Rate limit exceeded"), policy.should_retry(1, "404: not found")
    (True, False)
    """

    __slots__ = ("_kind", "_patterns")

    def __init__(self, kind: str, patterns: Sequence[str] = ()) -> None:
        self._kind, self._patterns = kind, tuple(patterns)

    @staticmethod
    def never() -> RetryCondition:
        return RetryCondition("never")

    @staticmethod
    def transient_only() -> RetryCondition:
        """Timeouts, I/O and connection errors, and `TransientError`."""
        return RetryCondition("transient_only")

    @staticmethod
    def all_errors() -> RetryCondition:
        return RetryCondition("all_errors")

    @staticmethod
    def error_pattern(patterns: Sequence[str]) -> RetryCondition:
        """Errors whose text contains one of the patterns, in any case."""
        if isinstance(patterns, str) or not isinstance(patterns, (list, tuple)):
            raise wrong_type("patterns", "a list of str", patterns)
        return RetryCondition("error_pattern", [text("patterns", pattern) for pattern in patterns])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RetryCondition):
            return NotImplemented
        return (self._kind, self._patterns) == (other._kind, other._patterns)

    def __hash__(self) -> int:
        return hash((self._kind, self._patterns))

    def __repr__(self) -> str:
        if self._kind == "error_pattern":
            return f"RetryCondition.ErrorPattern({list(self._patterns)!r})"
        return "RetryCondition." + {"never": "Never", "transient_only": "TransientOnly"}.get(self._kind, "AllErrors")


class RetryPolicy:
    """When a failed attempt is followed by another one; made by `RetryPolicy.builder()`.

    >>> policy = RetryPolicy.builder().max_attempts(5).initial_delay(0.5).with_jitter(False).build()
    >>> policy.calculate_delay(3)
    2.0
    """

    __slots__ = ("_backoff", "_condition", "_initial_ms", "_jitter", "_max_attempts", "_max_ms")

    def __init__(
        self,
        max_attempts: int = 3,
        initial_ms: int = 1000,
        max_ms: int = 60_000,
        backoff: Optional[BackoffStrategy] = None,
        condition: Optional[RetryCondition] = None,
        jitter: bool = True,
    ) -> None:
        self._max_attempts, self._initial_ms, self._max_ms, self._jitter = max_attempts, initial_ms, max_ms, jitter
        self._backoff = backoff or BackoffStrategy.exponential(2.0)
        self._condition = condition or RetryCondition.all_errors()

    @staticmethod
    def builder() -> RetryPolicyBuilder:
        return RetryPolicyBuilder()

    @staticmethod
    def default() -> RetryPolicy:
        """3 attempts, 1 s, 2 s, … up to 60 s between them, with jitter, after every error."""
        return RetryPolicy()

    def should_retry(self, attempt: int, error_type: str) -> bool:
        """Whether an attempt follows number `attempt`, which failed with an error of this text."""
        has_more = integer("attempt", attempt, 0, 2**31) < self._max_attempts
        return has_more and _cloaca.should_retry(self._plain(), text("error_type", error_type))

    def calculate_delay(self, attempt: int) -> float:
        """Seconds between attempt number `attempt` and the next one."""
        return _cloaca.calculate_delay(self._plain(), max(1, integer("attempt", attempt, 0, 2**31)))

    @property
    def max_attempts(self) -> int:
        """Attempts in all, the first included."""
        return self._max_attempts

    @property
    def initial_delay(self) -> float:
        """Seconds."""
        return self._initial_ms / 1000

    @property
    def max_delay(self) -> float:
        """Seconds."""
        return self._max_ms / 1000

    @property
    def with_jitter(self) -> bool:
        return self._jitter

    def __repr__(self) -> str:
        return (
            f"RetryPolicy(max_attempts={self.max_attempts}, initial_delay={_short(self.initial_delay)}, "
            f"max_delay={_short(self.max_delay)}, backoff={self._backoff!r}, condition={self._condition!r}, "
            f"with_jitter={self._jitter})"
        )

    def _plain(self) -> dict[str, Any]:
        return {
            "max_attempts": self._max_attempts,
            "initial_delay_ms": self._initial_ms,
            "max_delay_ms": self._max_ms,
            "backoff": self._backoff._kind,
            "factor": self._backoff._base,
            "multiplier": self._backoff._multiplier,
            "jitter": self._jitter,
            "condition": self._condition._kind,
            "patterns": list(self._condition._patterns),
        }


class RetryPolicyBuilder:
    """Each method returns another builder and leaves this one as it is.

    >>> patient = RetryPolicyBuilder().max_attempts(10)
    >>> patient.initial_delay(0.5).build().max_attempts
    10
    """

    __slots__ = ("_fields",)

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}

    def _with(self, **fields: Any) -> RetryPolicyBuilder:
        builder = RetryPolicyBuilder()
        builder._fields = {**self._fields, **fields}
        return builder

    def max_attempts(self, attempts: int) -> RetryPolicyBuilder:
        """Attempts in all; 0 and 1 both mean one."""
        return self._with(max_attempts=max(1, integer("max_attempts", attempts, 0, 1000)))

    def initial_delay(self, s: float) -> RetryPolicyBuilder:
        """Seconds."""
        return self._with(initial_ms=milliseconds("initial_delay", s))

    def max_delay(self, s: float) -> RetryPolicyBuilder:
        """Seconds; no wait is longer, jitter included."""
        return self._with(max_ms=milliseconds("max_delay", s))

    def backoff_strategy(self, strategy: BackoffStrategy) -> RetryPolicyBuilder:
        if not isinstance(strategy, BackoffStrategy):
            raise wrong_type("strategy", "BackoffStrategy", strategy)
        return self._with(backoff=strategy)

    def retry_condition(self, condition: RetryCondition) -> RetryPolicyBuilder:
        if not isinstance(condition, RetryCondition):
            raise wrong_type("condition", "RetryCondition", condition)
        return self._with(condition=condition)

    def with_jitter(self, jitter: Optional[bool] = True) -> RetryPolicyBuilder:
        """Spreads each wait over ±25 %."""
        return self._with(jitter=jitter is None or boolean("jitter", jitter))

    def build(self) -> RetryPolicy:
        """ValueError naming every field that is out of range."""
        fields = dict(self._fields)
        initial = fields.get("initial_ms", 1000)
        if "max_ms" not in fields and initial > 60_000:
            fields["max_ms"] = initial  # who asks for a longer wait gets it
        if "initial_ms" not in fields and fields.get("max_ms", initial) < initial:
            fields["initial_ms"] = fields["max_ms"]  # who asks for shorter waits gets them
        policy = RetryPolicy(**fields)
        _cloaca.check_policy(policy._plain())
        return policy

    def __repr__(self) -> str:
        return f"RetryPolicyBuilder({', '.join(f'{name}={value!r}' for name, value in self._fields.items())})"


_BACKOFFS = {
    "fixed": BackoffStrategy.fixed(),
    "linear": BackoffStrategy.linear(1.0),
    "exponential": BackoffStrategy.exponential(2.0),
}


def _condition_from(word: Any) -> RetryCondition:
    if isinstance(word, RetryCondition):
        return word
    known = {"all": RetryCondition.all_errors, "never": RetryCondition.never, "transient": RetryCondition.transient_only}
    if text("retry_condition", word) in known:
        return known[word]()
    patterns = [part.strip() for part in word.split(",")]
    if not all(patterns):
        raise ValueError(
            f"retry_condition is {word!r}; expected all, never, transient, or patterns separated by commas"
        )
    return RetryCondition.error_pattern(patterns)


def policy_from_keywords(
    retry: Any, attempts: Any, backoff: Any, delay_ms: Any, max_delay_ms: Any, condition: Any, jitter: Any
) -> Optional[RetryPolicy]:
    """The policy of `@task(...)`; None if nothing was said."""
    given = {
        "retry_attempts": attempts,
        "retry_backoff": backoff,
        "retry_delay_ms": delay_ms,
        "retry_max_delay_ms": max_delay_ms,
        "retry_condition": condition,
        "retry_jitter": jitter,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if retry is not None:
        if not isinstance(retry, RetryPolicy):
            raise wrong_type("retry", "RetryPolicy", retry)
        if given:
            raise ValueError(
                f"retry and {', '.join(given)} are given. Use the RetryPolicy object OR the keywords, not both."
            )
        return retry
    if not given:
        return None
    builder = RetryPolicyBuilder()
    if attempts is not None:
        builder = builder.max_attempts(integer("retry_attempts", attempts, 0, 1000))
    if backoff is not None:
        if text("retry_backoff", backoff) not in _BACKOFFS:
            raise ValueError(f"retry_backoff is {backoff!r}; expected one of {', '.join(_BACKOFFS)}")
        builder = builder.backoff_strategy(_BACKOFFS[backoff])
    if delay_ms is not None:
        builder = builder.initial_delay(integer("retry_delay_ms", delay_ms, 0, 2**41) / 1000)
    if max_delay_ms is not None:
        builder = builder.max_delay(integer("retry_max_delay_ms", max_delay_ms, 0, 2**41) / 1000)
    if condition is not None:
        builder = builder.retry_condition(_condition_from(condition))
    if jitter is not None:
        builder = builder.with_jitter(boolean("retry_jitter", jitter))
    return builder.build()
