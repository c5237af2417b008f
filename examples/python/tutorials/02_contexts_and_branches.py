"""The program of docs/tutorials/python-02-contexts-and-branches.md: branches taken by rule, and how they meet."""

import asyncio
from typing import Any

import cloaca
from cloaca import Context

#          ┌─> take_train ─┐
#   plan ──┼─> take_plane ─┼──> confirm
#          └─> find_hotel ─┘
with cloaca.WorkflowBuilder("book") as builder:
    builder.description("books a trip by train or by plane")

    @cloaca.task()
    def plan(context: Context) -> dict[str, Any]:
        return {"kilometres": context["trip"]["kilometres"]}

    # Two branches, one of which is taken: each has a rule.
    @cloaca.task(dependencies=[plan], trigger_rules=cloaca.context_value("kilometres", "<", 800))
    def take_train(context: Context) -> None:
        context["ticket"] = f"train to {context['trip']['to']}"
        context["notes"] = ["bring a book"]

    @cloaca.task(dependencies=[plan], trigger_rules=cloaca.context_value("kilometres", ">", 799))
    def take_plane(context: Context) -> None:
        context["ticket"] = f"flight to {context['trip']['to']}"
        context["notes"] = ["passport"]

    # A branch that always runs, next to the other two. While it awaits it holds no thread.
    @cloaca.task(dependencies=[plan])
    async def find_hotel(context: Context) -> None:
        town = context["trip"]["to"]
        await asyncio.sleep(0.1)  # the hotel answers
        context["hotel"] = f"Hotel {town}"
        context["notes"] = ["breakfast from seven"]
        if town == "Lyon":
            context["discount"] = 10

    @cloaca.task(dependencies=[take_train, take_plane, find_hotel])
    def confirm(context: Context) -> None:
        discount = f" (-{context['discount']} %)" if "discount" in context else ""
        context["itinerary"] = ", ".join([context["ticket"], context["hotel"] + discount, *context["notes"]])


with cloaca.DefaultRunner("sqlite://trips.db") as runner:
    for trip in ({"to": "Lyon", "kilometres": 460}, {"to": "Lima", "kilometres": 10250}):
        result = runner.execute("book", {"trip": trip})
        print(result.final_context["itinerary"])
        for task in result.task_results.values():
            if task.status == "Skipped":
                print(f"  {task.task_id}: {task.skip_reason}")
