"""The tutorial's steps: two starts with seconds between; judged by what they say."""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIRED = r"  (\w{3} \d\d \w{3} \d{4} [\d:]{8}) UTC: fired, till of Paris, \d{4}-\d\d-\d\dT[\d:]{8}\+00:00"
MISSED = r"  \w{3} \d\d \w{3} \d{4} [\d:]{8} UTC: missed with what follows, (\d+) in all: no runner could fire it in time"


def start(directory: str) -> str:
    answer = subprocess.run([PROGRAM], cwd=directory, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    print(answer.stdout, end="")
    return answer.stdout


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        sys.exit(f"{what}: {found}, expected {wanted}")


with tempfile.TemporaryDirectory(prefix="cloacina-tills-") as scratch:
    first = start(scratch)
    expect(first.splitlines()[1:4], [f"  {at} UTC" for at in ("Sat 28 Mar 2026 01:30:00", "Sun 29 Mar 2026 01:00:00",
                                                              "Mon 30 Mar 2026 00:30:00")], "half past two")
    expect(len(re.findall(FIRED, first)) >= 2, True, "two seconds have fired")
    time.sleep(3)
    second = start(scratch)
    expect(re.search(MISSED, second) is not None, True, "seconds that nobody fired")
    seconds = re.findall(FIRED, second)
    expect(len(seconds), len(set(seconds)), "each second once")
