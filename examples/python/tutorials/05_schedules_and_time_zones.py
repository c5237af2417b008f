"""The program of docs/tutorials/python-05-schedules-and-time-zones.md: a till that is closed each second."""

import time

import cloaca

with cloaca.WorkflowBuilder("close_till"):

    @cloaca.task()
    def count(shop: str, scheduled_time: str) -> dict[str, str]:
        return {"receipt": f"till of {shop}, {scheduled_time}"}


print("half past two in Paris:")
for at in cloaca.next_firings("30 2 * * *", "Europe/Paris", "2026-03-28T00:00:00+00:00", 3):
    print(f"  {at}")

with cloaca.DefaultRunner("sqlite://tills.db") as runner:
    schedule = runner.register_cron_workflow(
        "close_till", "* * * * * *", "Europe/Paris", name="Paris", parameters={"shop": "Paris"}
    )
    time.sleep(2.5)

    print("what became of each second:")
    for line in runner.get_cron_execution_history(schedule, limit=10):
        if line["workflow_execution_id"]:
            result = runner.handle(line["workflow_execution_id"]).result()
            note = result.final_context["receipt"]
        else:
            note = f"with what follows, {line['instants']} in all: {line['reason']}"
        print(f"  {line['scheduled_time']}: {line['outcome']}, {note}")
