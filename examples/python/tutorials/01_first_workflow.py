"""The program of docs/tutorials/python-01-first-workflow.md: two tasks become a workflow."""

import cloaca

# Two tasks, each a function. They hand values to each other in the context.
with cloaca.WorkflowBuilder("climate") as builder:

    @cloaca.task(retry_attempts=5)
    def measure(context: cloaca.Context) -> None:
        print("measuring in", context["city"])
        context["readings"] = [3.0, 4.5, 6.0]

    @cloaca.task(dependencies=[measure])
    def average(context: cloaca.Context) -> None:
        readings = context["readings"]
        context["mean"] = sum(readings) / len(readings)


with cloaca.DefaultRunner("sqlite://climate.db") as runner:
    result = runner.execute("climate", {"city": "Oslo"}, idempotency_key="Oslo")
    print(f"{result.final_context['city']}: {result.final_context['mean']} degrees, {result.status}")

print(builder.build().to_mermaid(), end="")
