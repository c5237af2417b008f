"""What cloaca raises, beside the builtin exceptions that these are.

`where` names what an error is about (a task, a key, a configuration field; "" if its text says all), `is_retryable`
whether the same call may succeed later without a change by the caller.
"""


class Error(Exception):
    """Root of everything that cloaca raises on purpose.

    >>> try:
    ...     DefaultRunner("mysql://db/app")
    ... except Error as error:
    ...     type(error).__name__, isinstance(error, ValueError), error.is_retryable
    ('ConfigurationError', True, False)
    """

    where: str = ""
    is_retryable: bool = False


class ValidationError(Error, ValueError):
    """A definition, an argument or a value is not acceptable."""


class ContextError(Error, KeyError):
    """A context key is missing, or does not hold what was asked for."""

    __str__ = Exception.__str__  # KeyError shows the text in quotes


class TaskError(Error, RuntimeError):
    """A task failed."""


class TransientError(TaskError):
    """Raised by a body: worth another attempt as long as attempts are left, whatever the retry condition."""


class PermanentError(TaskError):
    """Raised by a body: no further attempt, whatever the retry policy."""


class WorkflowNotFound(Error, ValueError):
    """No workflow of this name is registered; the text lists the nearest names."""


class ExecutionNotFound(Error, KeyError):
    """No execution with this id is stored in this database."""

    __str__ = Exception.__str__


class ScheduleNotFound(Error, ValueError):
    """No schedule with this id is stored in this database."""


class ExecutionFailed(Error, RuntimeError):
    """The value of an execution that failed was asked for."""


class ExecutionCancelled(Error, RuntimeError):
    """The value of an execution that was cancelled was asked for."""


class StateError(Error, RuntimeError):
    """The execution, or the process, is in a state that does not allow this."""


class RunnerStopped(Error, RuntimeError, ValueError):
    """The runner is shut down, or is being shut down, and takes no more requests."""


class ConfigurationError(Error, ValueError):
    """A database URL or a configuration field is wrong."""


class BackendError(Error, RuntimeError, ValueError):
    """The database refused a statement, or could not be reached."""


class ExecutionTimeout(Error, TimeoutError):
    """A deadline passed before the answer was there; the execution goes on."""
