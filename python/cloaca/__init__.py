"""cloaca: durable workflows in Python, on SQLite or PostgreSQL.

>>> import cloaca
>>> with cloaca.WorkflowBuilder("greeting") as builder:
...     @cloaca.task()
...     def greet(context):
...         context.set("text", f"hello {context['name']}")
"""

from . import _interpreter  # noqa: F401 - first: nothing else may be loaded in a sub-interpreter
from ._admin import DatabaseAdmin, TenantConfig, TenantCredentials
from ._cloaca import (
    Context,
    TaskHandle,
    TaskNamespace,
    TaskResult,
    TriggerContext,
    WorkflowResult,
    __version__,
    backends,
)
from ._config import DefaultRunnerConfig
from ._errors import (
    BackendError,
    ConfigurationError,
    ContextError,
    Error,
    ExecutionCancelled,
    ExecutionFailed,
    ExecutionNotFound,
    ExecutionTimeout,
    PermanentError,
    RunnerStopped,
    ScheduleNotFound,
    StateError,
    TaskError,
    TransientError,
    ValidationError,
    WorkflowNotFound,
)
from ._handles import ExecutionHandle
from ._hello import HelloClass, hello_world
from ._namespaces import WorkflowContext
from ._retry import BackoffStrategy, RetryCondition, RetryPolicy, RetryPolicyBuilder
from ._rules import (
    TriggerRule,
    all_of,
    always,
    any_of,
    context_value,
    none_of,
    task_failed,
    task_skipped,
    task_success,
)
from ._progress import Progress
from ._runner import DefaultRunner
from ._schedules import next_firings
from ._tasks import task
from ._triggers import TriggerResult, trigger
from ._workflows import Workflow, WorkflowBuilder, register_workflow_constructor

PipelineResult = WorkflowResult

__all__ = [
    "BackendError", "BackoffStrategy", "ConfigurationError", "Context", "ContextError", "DatabaseAdmin",
    "DefaultRunner", "DefaultRunnerConfig", "Error", "ExecutionCancelled", "ExecutionFailed", "ExecutionHandle",
    "ExecutionNotFound", "ExecutionTimeout", "HelloClass", "PermanentError", "PipelineResult", "Progress",
    "RetryCondition", "RetryPolicy", "RetryPolicyBuilder", "RunnerStopped", "ScheduleNotFound", "StateError",
    "TaskError", "TaskHandle", "TaskNamespace", "TaskResult", "TenantConfig", "TenantCredentials", "TransientError",
    "TriggerContext", "TriggerResult", "TriggerRule", "ValidationError", "Workflow", "WorkflowBuilder",
    "WorkflowContext", "WorkflowNotFound", "WorkflowResult", "__version__", "all_of", "always", "any_of", "backends", "context_value",
    "hello_world", "next_firings", "none_of", "register_workflow_constructor", "task", "task_failed",
    "task_skipped", "task_success", "trigger",
]
