"""Branches that meet: how their contexts merge."""

import cloaca


def diamond(name, left, right, join=lambda context: None):
    with cloaca.WorkflowBuilder(name):

        @cloaca.task()
        def top(context):
            context.set("top", True)

        cloaca.task(id="left", dependencies=[top])(left)
        cloaca.task(id="right", dependencies=[top])(right)
        cloaca.task(id="join", dependencies=["left", "right"])(join)


def test_keys_of_both_branches_meet(runner, name):
    seen = []
    diamond(
        name,
        lambda context: {"left": 1},
        lambda context: {"right": 2},
        lambda context: seen.append(context.to_dict()),
    )
    runner.execute(name)
    assert seen == [{"top": True, "left": 1, "right": 2}]


def test_objects_merge_and_lists_join(runner, name):
    diamond(
        name,
        lambda context: {"object": {"a": 1, "both": 1}, "list": [1, 2]},
        lambda context: {"object": {"b": 2, "both": 2}, "list": [2, 3]},
    )
    final = runner.execute(name).final_context
    assert final["object"] == {"a": 1, "both": 2, "b": 2}
    assert final["list"] == [1, 2, 3]


def test_later_dependency_wins(runner, name):
    diamond(name, lambda context: {"x": "left"}, lambda context: {"x": "right"})
    assert runner.execute(name).final_context["x"] == "right"


def test_untouched_branch_does_not_win(runner, name):
    diamond(name, lambda context: {"x": "left"}, lambda context: None)
    assert runner.execute(name, {"x": "input"}).final_context["x"] == "left"


def test_branches_run_at_the_same_time(runner, name, gate):
    diamond(name, lambda context: gate.pass_(), lambda context: gate.pass_())
    handle = runner.submit(name)
    gate.wait_for_arrivals(2)
    gate.open()
    assert handle.result(8).status == "Completed"
