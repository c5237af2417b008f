"""The program of docs/tutorials/python-06-event-triggers-and-tenants.md: orders arrive as files, and each is imported once."""

import contextlib
import functools
import os
import sys

import cloaca

with cloaca.WorkflowBuilder("import_file"):

    @cloaca.task()
    def count(shop: str, file: str) -> dict[str, int]:
        with open(f"inbox/{shop}/{file}") as lines:
            orders = sum(1 for _ in lines)
        print(f"{shop}: {file}")
        return {"orders": orders}


def new_files(shop: str, trigger: cloaca.TriggerContext) -> cloaca.TriggerResult:
    last = trigger.state.get("last", "")
    new = sorted(file for file in os.listdir(f"inbox/{shop}") if file.startswith("orders-") and file > last)
    if not new:
        return cloaca.TriggerResult.skip()
    trigger.state["last"] = new[-1]
    return cloaca.TriggerResult.fire_all({"shop": shop, "file": file} for file in new)


def open_shop(shop: str) -> cloaca.DefaultRunner:
    os.makedirs(f"inbox/{shop}", exist_ok=True)
    runner = cloaca.DefaultRunner(f"sqlite://{shop}.db")
    runner.add_trigger(
        functools.partial(new_files, shop), "import_file", name="new_files", poll_interval="100ms"
    )
    return runner


def print_history(shop: str, runner: cloaca.DefaultRunner) -> None:
    trigger = runner.get_trigger_schedule("new_files") or {}
    print(f"{shop}: it has come to {trigger['state']}")
    for line in runner.get_trigger_execution_history("new_files", limit=10):
        if line["workflow_execution_id"]:
            context = runner.handle(line["workflow_execution_id"]).result().final_context
            note = f"{context['file']} with {context['orders']} orders"
        else:
            note = line["reason"].splitlines()[0]
        print(f"  {line['polled_at'][:19]}: {line['outcome']}, {note}")


with contextlib.ExitStack() as stack:
    shops = {shop: stack.enter_context(open_shop(shop)) for shop in sys.argv[1:] or ["lyon"]}
    for word in map(str.strip, sys.stdin):
        if word == "stop":
            break
        for shop, runner in shops.items():
            if word in ("pause", "resume"):
                runner.set_trigger_enabled("new_files", word == "resume")
            if word == "history":
                print_history(shop, runner)
        print(f"({word})")
