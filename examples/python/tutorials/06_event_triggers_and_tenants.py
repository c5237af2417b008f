"""The program of docs/tutorials/python-06-event-triggers-and-tenants.md: orders arrive as files, and each is imported once."""

import contextlib
import functools
import os
import sys

import cloaca

with cloaca.WorkflowBuilder("import_file"):

    @cloaca.task()
    def count(shop: str, file: str) -> dict[str, int]:
        with open(f"inbox/{shop}/{file}", encoding="utf-8") as lines:
            orders = sum(1 for _ in lines)
        sys.stdout.write(f"{shop}: {file}\n")  # in one piece: two of them may run at once
        return {"orders": orders}


def new_files(shop: str, trigger: cloaca.TriggerContext) -> cloaca.TriggerResult:
    seen = trigger.state.get("seen", [])
    files = {file for file in os.listdir(f"inbox/{shop}") if file.startswith("orders-")}
    new = sorted(files.difference(seen))[:1000]
    if not new:
        return cloaca.TriggerResult.skip()
    trigger.state["seen"] = seen + new
    return cloaca.TriggerResult.fire_all({"shop": shop, "file": file} for file in new)


def open_shop(shop: str) -> cloaca.DefaultRunner:
    os.makedirs(f"inbox/{shop}", exist_ok=True)
    runner = cloaca.DefaultRunner(f"sqlite://{shop}.db")
    runner.add_trigger(
        functools.partial(new_files, shop), "import_file", name="new_files", poll_interval="100ms"
    )
    return runner


def print_history(shop: str, runner: cloaca.DefaultRunner) -> None:
    trigger = runner.get_trigger_schedule("new_files") or {"state": {}}
    print(f"{shop}: it has seen {trigger['state'].get('seen', [])}")
    for line in runner.get_trigger_execution_history("new_files", limit=10):
        if line["workflow_execution_id"]:
            result = runner.handle(line["workflow_execution_id"]).result()
            note = result.final_context["file"]
            if result.status == "Completed":
                note += f" with {result.final_context['orders']} orders"
            else:
                note += f" {result.status}: {str(result.error_message).splitlines()[0]}"
        else:
            note = line["reason"].splitlines()[0]
        print(f"  {line['polled_at'][:19]}: {line['outcome']}, {note}")


def import_again(runner: cloaca.DefaultRunner) -> None:
    for failed in runner.list("import_file", status="Failed"):
        context = runner.result(failed["execution_id"]).final_context
        key = f"again after {failed['execution_id']}"
        runner.submit("import_file", {"shop": context["shop"], "file": context["file"]}, idempotency_key=key)


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
            if word == "again":
                import_again(runner)
        print(f"({word})")
