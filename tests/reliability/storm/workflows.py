"""The random workflows of a storm: what the worker builds and what the checker expects, from one seed."""

from __future__ import annotations

import random

WORKFLOWS = 12
PERIOD = 7  # behaviour repeats with the execution's number: prime to WORKFLOWS, so that all pairs meet


def upstream(tasks: list[dict], of: dict) -> set[str]:
    """Ids of all tasks that `of` depends on, directly or not."""
    by_id = {task["id"]: task for task in tasks}
    found: set[str] = set()
    waiting = list(of["after"])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += by_id[name]["after"]
    return found


def random_leaf(dice: random.Random, names: list[str]) -> dict:
    kind = dice.choice(["TaskSuccess", "TaskFailed", "TaskSkipped", "TaskSuccess", "ContextValue"])
    if kind == "ContextValue":
        return {"type": kind, "key": "n", "operator": dice.choice(["GreaterThan", "LessThan"]),
                "value": dice.randrange(60)}
    return {"type": kind, "task_name": dice.choice(names)}


def random_rule(dice: random.Random, names: list[str]) -> dict | None:
    """Most tasks keep the default rule; roots have nothing to look at."""
    chance = dice.random()
    if not names or chance < 0.6:
        return None
    if chance < 0.7:
        return {"type": "Always"}
    leaves = [random_leaf(dice, names) for _ in range(dice.randint(1, 3))]
    return {"type": dice.choice(["All", "Any", "Any", "None"]), "conditions": leaves}


def random_failures(dice: random.Random) -> list[int]:
    """How many attempts fail before one succeeds, by number; 99: all."""
    return [dice.choices([0, 1, 2, 99], weights=[80, 10, 4, 6])[0] for _ in range(PERIOD)]


def random_task(dice: random.Random, number: int, earlier: list[dict]) -> dict:
    after = dice.sample([task["id"] for task in earlier], min(len(earlier), dice.choices([0, 1, 2, 3], [1, 4, 3, 1])[0]))
    task = {"id": f"t{number}", "after": after, "attempts": dice.randint(2, 3), "failures": random_failures(dice),
            "durations": [dice.choice([0, 0, 1, 2, 4, 8]) for _ in range(PERIOD)],
            "coroutine": dice.random() < 0.25, "at_most_once": False, "rule": None}
    task["rule"] = random_rule(dice, sorted(upstream(earlier + [task], task)))
    return task


def random_workflow(dice: random.Random, number: int) -> dict:
    tasks: list[dict] = []
    for i in range(dice.randint(1, 9)):
        tasks.append(random_task(dice, i, tasks))
    if dice.random() < 0.4:
        # A leaf: what becomes of it is not ours to foresee, and nobody depends on it.
        tasks.append({"id": "once", "after": [tasks[0]["id"]], "attempts": 1, "failures": [0], "durations": [1],
                      "coroutine": False, "at_most_once": True, "rule": None})
    return {"name": f"storm_{number}", "tasks": tasks}


def generate(seed: int) -> dict:
    dice = random.Random(seed)
    return {"seed": seed, "workflows": [random_workflow(dice, i) for i in range(WORKFLOWS)]}
