"""The program of docs/tutorials/python-03-from-sqlite-to-postgresql.md: forty letters, on a file or on a server."""

import os
import sys
import time

import cloaca

with cloaca.WorkflowBuilder("letter"):

    @cloaca.task()
    def compose(context: cloaca.Context) -> None:
        time.sleep(0.2)
        context["text"] = f"letter {context['number']}"

    @cloaca.task(dependencies=[compose])
    def post(context: cloaca.Context) -> None:
        time.sleep(0.2)
        context["posted_by"] = os.getpid()


url = sys.argv[1] if len(sys.argv) > 1 else "sqlite://letters.db"
config = cloaca.DefaultRunnerConfig(lease_ms=2000, max_active_executions=8)

try:
    with cloaca.DefaultRunner(url, config) as runner:
        letters = [
            runner.submit("letter", {"number": number}, idempotency_key=f"letter {number}") for number in range(1, 41)
        ]
        results = [letter.result() for letter in letters]
except cloaca.Error as error:
    sys.exit(str(error))

mine = sum(result.final_context["posted_by"] == os.getpid() for result in results)
print(f"{len(results)} letters are posted, {mine} by this process")
