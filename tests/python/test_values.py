"""Retry objects, namespaces, trigger results and configuration as values."""

import pickle

import pytest

import cloaca
from cloaca import (
    BackoffStrategy,
    DefaultRunnerConfig,
    RetryCondition,
    RetryPolicy,
    RetryPolicyBuilder,
    TaskNamespace,
    WorkflowContext,
)


def test_retry_policy():
    policy = RetryPolicy.default()
    assert (policy.max_attempts, policy.initial_delay, policy.max_delay, policy.with_jitter) == (3, 1.0, 60.0, True)
    built = (
        RetryPolicy.builder()
        .max_attempts(5)
        .initial_delay(0.1)
        .max_delay(0.35)
        .backoff_strategy(BackoffStrategy.exponential(2.0))
        .retry_condition(RetryCondition.all_errors())
        .with_jitter(False)
        .build()
    )
    assert [built.calculate_delay(n) for n in (1, 2, 3, 9)] == [0.1, 0.2, 0.35, 0.35]
    assert built.should_retry(4, "boom") and not built.should_retry(5, "boom")
    assert repr(built).startswith("RetryPolicy(max_attempts=5, ")


def test_builder_is_not_changed_by_its_methods():
    base = RetryPolicy.builder().max_attempts(7)
    base.max_attempts(2)
    assert base.build().max_attempts == 7


def test_backoff_and_conditions_show_themselves():
    assert repr(BackoffStrategy.fixed()) == "BackoffStrategy.Fixed"
    assert repr(BackoffStrategy.linear(2)) == "BackoffStrategy.Linear(multiplier=2)"
    assert repr(BackoffStrategy.exponential(2)) == "BackoffStrategy.Exponential(base=2, multiplier=1)"
    assert repr(BackoffStrategy.exponential(1.5, 3)) == "BackoffStrategy.Exponential(base=1.5, multiplier=3)"
    assert repr(BackoffStrategy.exponential(1234567.0, 0.1)) == "BackoffStrategy.Exponential(base=1234567, multiplier=0.1)"
    assert repr(RetryCondition.never()) == "RetryCondition.Never"
    assert repr(RetryCondition.transient_only()) == "RetryCondition.TransientOnly"
    assert repr(RetryCondition.all_errors()) == "RetryCondition.AllErrors"
    assert "boom" in repr(RetryCondition.error_pattern(["boom"]))


def test_conditions_decide():
    def decides(condition, text):
        return RetryPolicy.builder().retry_condition(condition).build().should_retry(1, text)

    assert decides(RetryCondition.transient_only(), "Connection refused")
    assert not decides(RetryCondition.transient_only(), "bad argument")
    assert decides(RetryCondition.error_pattern(["Boom", "bang"]), "it went BOOM")
    assert not decides(RetryCondition.error_pattern(["Boom"]), "silence")
    assert not decides(RetryCondition.never(), "timeout")


def test_policies_out_of_range():
    with pytest.raises(ValueError, match="max_delay"):
        RetryPolicy.builder().initial_delay(10).max_delay(1).build()
    with pytest.raises(ValueError, match="pattern"):
        RetryPolicy.builder().retry_condition(RetryCondition.error_pattern([])).build()
    with pytest.raises(TypeError, match="strategy: expected BackoffStrategy"):
        RetryPolicy.builder().backoff_strategy("fixed")
    with pytest.raises(ValueError, match="^base is 0; expected a number above 0$"):
        BackoffStrategy.exponential(0)
    with pytest.raises(ValueError, match="^multiplier is -1; expected a number of at least 0$"):
        BackoffStrategy.linear(-1)


def test_policies_at_the_edge():
    short = RetryPolicy.builder().max_delay(s=0.5).build()  # the initial delay of who names none is capped too
    assert (short.initial_delay, short.max_delay) == (0.5, 0.5)
    assert RetryPolicy.builder().initial_delay(s=90).build().max_delay == 90
    assert RetryPolicyBuilder().with_jitter(None).build().with_jitter is True

    def waits(strategy):
        policy = RetryPolicy.builder().backoff_strategy(strategy).with_jitter(False).build()
        return [policy.calculate_delay(n) for n in (1, 2, 3)]

    assert waits(BackoffStrategy.linear(0)) == [0, 0, 0]
    assert waits(BackoffStrategy.exponential(0.5)) == [1, 0.5, 0.25]
    many = RetryPolicy.builder().retry_condition(RetryCondition.error_pattern([f"<{n}>" for n in range(40)])).build()
    assert [many.should_retry(1, f"it says <{n}>") for n in (0, 14, 15, 16, 39, 40)] == [True] * 5 + [False]


def test_task_namespace():
    one = TaskNamespace("t", "p", "w", "k")
    assert str(one) == "t::p::w::k"
    assert repr(one) == "TaskNamespace('t', 'p', 'w', 'k')"
    assert repr(TaskNamespace("t", "p", "w", "it's")) == """TaskNamespace('t', 'p', 'w', "it's")"""
    assert TaskNamespace.from_string("t::p::w::k") == one
    assert len({one, TaskNamespace.from_string(str(one))}) == 1
    assert (one.tenant_id, one.package_name, one.workflow_id, one.task_id) == ("t", "p", "w", "k")
    assert one.is_child_of(one.parent()) and one.is_sibling_of(TaskNamespace("t", "p", "w", "other"))
    assert not one.is_sibling_of(TaskNamespace("t", "p", "v", "k"))
    assert pickle.loads(pickle.dumps(one)) == one
    for text in ("", "a::b::c", "a::b::c::d::e", "a::::c::d"):
        with pytest.raises(ValueError, match="^Invalid namespace format: "):
            TaskNamespace.from_string(text)


def test_workflow_context():
    context = WorkflowContext("t", "p", "w")
    assert str(context) == "t::p::w"
    assert context == WorkflowContext("t", "p", "w") != WorkflowContext("t", "p", "v")
    assert context.task_namespace("k") == TaskNamespace("t", "p", "w", "k") == context.resolve_dependency(name="k")
    assert context.contains_namespace(ns=context.task_namespace(id="k"))
    assert not context.contains_namespace(TaskNamespace("t", "p", "v", "k"))
    assert context.workflow_namespace() == TaskNamespace("t", "p", "w", "k").parent()
    assert repr(context) == "WorkflowContext('t', 'p', 'w')"


def test_trigger_results():
    assert repr(cloaca.TriggerResult.skip()) == "TriggerResult.Skip"
    assert repr(cloaca.TriggerResult.fire()) == "TriggerResult.Fire(None)"
    assert repr(cloaca.TriggerResult.fire(cloaca.Context({"a": 1}))) == "TriggerResult.Fire(<context>)"
    assert cloaca.TriggerResult.fire().is_fire_result() and cloaca.TriggerResult.skip().is_skip_result()


def test_configuration_reads_back_its_defaults():
    config = DefaultRunnerConfig.default()
    assert list(config.to_dict().values())[:15] == [
        4, 100, 100, 300, 3600, 10, True, True, 30, 100, True, 300, 10, 86400, 3
    ]
    assert repr(config).startswith("DefaultRunnerConfig(max_concurrent_tasks=4, ")


def test_configuration_can_be_changed():
    config = DefaultRunnerConfig(max_concurrent_tasks=8, pipeline_timeout_seconds=60, db_pool_size=None)
    assert config.max_concurrent_tasks == 8
    assert config.workflow_timeout_seconds == config.pipeline_timeout_seconds == 60
    assert config.db_pool_size == 10
    config.max_concurrent_tasks = 2
    config.task_timeout_seconds = None
    assert config.max_concurrent_tasks == 2 and config.task_timeout_seconds == 300
    with pytest.raises(ValueError, match="^Invalid configuration: .*max_concurrent_tasks"):
        config.max_concurrent_tasks = 0
    assert config.max_concurrent_tasks == 2
    with pytest.raises(ValueError, match="^Invalid configuration: db_pool_size is -1; expected 1 to 1000$"):
        DefaultRunnerConfig(db_pool_size=-1)
    with pytest.raises(TypeError, match="enable_recovery: expected bool, got int"):
        DefaultRunnerConfig(enable_recovery=1)
    with pytest.raises(TypeError, match="max_workers"):
        DefaultRunnerConfig(max_workers=3)


def test_trigger_rules_as_json():
    rule = cloaca.all_of(cloaca.task_success("a"), cloaca.none_of(cloaca.context_value("n", ">", 3)))
    assert rule.to_dict() == {
        "type": "All",
        "conditions": [
            {"type": "TaskSuccess", "task_name": "a"},
            {
                "type": "None",
                "conditions": [{"type": "ContextValue", "key": "n", "operator": "GreaterThan", "value": 3}],
            },
        ],
    }
    assert cloaca.any_of([cloaca.always]).to_dict() == {"type": "Any", "conditions": [{"type": "Always"}]}
    assert cloaca.always() == cloaca.always
    with pytest.raises(ValueError, match="operator is 'like'"):
        cloaca.context_value("n", "like", 3)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("max_concurrent_tasks", 1, 1024),
        ("max_concurrent_async_tasks", 1, 1_000_000),
        ("scheduler_poll_interval_ms", 1, 3_600_000),
        ("task_timeout_seconds", 0, 3_153_600_000),
        ("workflow_timeout_seconds", 0, 3_153_600_000),
        ("db_pool_size", 1, 1000),
        ("lease_ms", 100, 3_600_000),
        ("max_active_executions", 1, 10_000_000),
        ("max_crashes", 3, 100),
        ("max_context_bytes", 1024, 1 << 30),
    ],
)
def test_configuration_says_the_range_that_the_engine_takes(name, least, most):
    for good in (least, most):
        assert getattr(DefaultRunnerConfig(**{name: good}), name) == good
    for bad in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"^Invalid configuration: {name} is {bad}; expected {least} to {most}$"):
            DefaultRunnerConfig(**{name: bad})


def test_settings_of_a_later_version():
    config = DefaultRunnerConfig(prepared_statements=True, allow_unsafe_durability=False, retention=None)
    assert (config.prepared_statements, config.allow_unsafe_durability, config.retention) == (True, False, None)
    assert config == DefaultRunnerConfig.default()
    for later in ({"prepared_statements": False}, {"allow_unsafe_durability": True}, {"retention": 30}):
        with pytest.raises(NotImplementedError, match="comes with a later one"):
            DefaultRunnerConfig(**later)
    with pytest.raises(TypeError, match="prepared_statements: expected bool, got int"):
        DefaultRunnerConfig(prepared_statements=1)
