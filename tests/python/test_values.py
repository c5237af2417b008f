"""Retry objects, namespaces, trigger results and configuration as values."""

import pickle

import pytest

import cloaca
from cloaca import BackoffStrategy, DefaultRunnerConfig, RetryCondition, RetryPolicy, TaskNamespace, WorkflowContext


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


def test_task_namespace():
    one = TaskNamespace("t", "p", "w", "k")
    assert str(one) == "t::p::w::k"
    assert repr(one) == "TaskNamespace('t', 'p', 'w', 'k')"
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
    assert context.task_namespace("k") == TaskNamespace("t", "p", "w", "k") == context.resolve_dependency("k")
    assert context.contains_namespace(TaskNamespace("t", "p", "w", "k"))
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
    with pytest.raises(ValueError, match="^Invalid configuration: "):
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
