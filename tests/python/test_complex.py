"""Graphs that are neither chains nor trees, compared with what they must give."""

import random

import cloaca


def test_random_graphs_give_what_a_model_gives(runner, name):
    chance = random.Random(7)
    for number in range(5):
        size = chance.randint(5, 25)
        after = [sorted(chance.sample(range(i), chance.randint(0, min(i, 3)))) for i in range(size)]
        with cloaca.WorkflowBuilder(f"{name} {number}") as builder:
            for i in range(size):

                @cloaca.task(id=f"t{i}", dependencies=[f"t{j}" for j in after[i]])
                def body(context, i=i, before=tuple(after[i])):
                    context.set(f"depth {i}", 1 + max((context[f"depth {j}"] for j in before), default=0))

        depth: list[int] = []
        for i in range(size):
            depth.append(1 + max((depth[j] for j in after[i]), default=0))
        final = runner.execute(f"{name} {number}").final_context
        assert [final[f"depth {i}"] for i in range(size)] == depth
        assert len(builder.build().get_execution_levels()) == max(depth)


def test_ladder_of_diamonds(runner, name):
    with cloaca.WorkflowBuilder(name):
        previous: list[str] = []
        for i in range(10):
            for side in ("left", "right"):

                @cloaca.task(id=f"{side} {i}", dependencies=previous)
                def body(context, key=f"{side} {i}"):
                    context.set(key, len(context))

            previous = [f"left {i}", f"right {i}"]

    final = runner.execute(name).final_context
    assert final["left 9"] == final["right 9"] == 18
    assert len(final) == 20
