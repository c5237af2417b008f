"""A thousand waits of a second: on one thread, and in a small part of the time that one after the other would take."""

import re
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory(prefix="cloacina-coroutines-") as scratch:
    answer = subprocess.run([sys.argv[1]], cwd=scratch, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
print(answer.stdout, end="")
found = re.search(r"1000 waits of 1 s: ([\d.]+) s, (\d+) thread, at most (\d+) at the same time", answer.stdout)
if found is None:
    sys.exit("the line with the figures is missing")
seconds, threads, together = float(found[1]), int(found[2]), int(found[3])
if threads != 1:
    sys.exit(f"{threads} threads ran coroutine bodies, expected 1")
# Four worker threads that slept would take 250 s.  The machine that runs this test may be busy.
if not 1.0 <= seconds < 30.0:
    sys.exit(f"{seconds} s for waits of 1 s, expected 1 to 30")
if together < 100:
    sys.exit(f"at most {together} waited at the same time, expected hundreds")
