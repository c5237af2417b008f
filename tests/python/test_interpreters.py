"""What the module does beside others that look into the interpreter: sub-interpreters, faulthandler."""

import pytest

SUB = """
import sys
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    print("none here")
    sys.exit()
if sys.argv[1] == "after":
    import cloaca
sub = interpreters.create()
source = '''
try:
    import cloaca
except ImportError as refused:
    said = str(refused)
else:
    said = "imported"
import os
os.write(1, (said + chr(10)).encode())
'''
interpreters.run_string(sub, source)
interpreters.destroy(sub)
import cloaca
print(cloaca.hello_world())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_sub_interpreter_is_refused(run_program, when):
    status, output, errors = run_program(SUB, when).wait()
    if output == "none here\n":
        pytest.skip("this Python offers no sub-interpreters")
    assert (status, errors) == (0, "")
    refusal, greeting = output.splitlines()
    assert "sub-interpreter" in refusal
    assert greeting == "Hello from Cloaca backend!"


TRACEBACKS = """
import faulthandler, signal, sys, threading, os
import cloaca
faulthandler.register(signal.SIGUSR1, all_threads=True)
faulthandler.dump_traceback_later(0.05, repeat=True)
with cloaca.WorkflowBuilder("busy"):
    @cloaca.task()
    def spin_here(context):
        context.set("n", sum(range(context["n"])))
        os.kill(os.getpid(), signal.SIGUSR1)
config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=4)
open_runner = cloaca.DefaultRunner if sys.argv[2] == "None" else cloaca.DefaultRunner.with_schema
where = [sys.argv[1]] if sys.argv[2] == "None" else sys.argv[1:3]
with open_runner(*where, config) as runner:
    results = runner.execute_many("busy", [{"n": 20_000}] * 200)
    assert all(result.status == "Completed" for result in results)
faulthandler.cancel_dump_traceback_later()
print("done")
"""


def test_faulthandler_sees_bodies_on_threads_of_the_engine(database, run_program):
    status, output, errors = run_program(TRACEBACKS, database.url, str(database.schema)).wait()
    assert (status, output) == (0, "done\n"), errors
    assert "in spin_here" in errors
