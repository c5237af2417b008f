"""The quickstart's figures against the CSV files, read here without the program's help; also after a Ctrl-C."""

import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from totals import FLIGHTS, expected, reported

PROGRAM = pathlib.Path(sys.argv[1]).resolve()


def run(scratch: pathlib.Path, *arguments: str) -> str:
    answer = subprocess.run([PROGRAM, *arguments], cwd=scratch, stdout=subprocess.PIPE, text=True, timeout=100,
                            check=False)
    if answer.returncode != 0:
        sys.exit(f"quickstart {' '.join(arguments)} ended with {answer.returncode}:\n{answer.stdout}")
    return answer.stdout


def check(name: str, output: str, flights: list[dict[str, str]]) -> None:
    wanted, found = expected(flights), reported(output)
    if wanted != found:
        sys.exit(f"{name}: the report differs from the CSV files\nexpected {wanted}\nreported {found}\n{output}")
    print(f"{name}: {len(flights)} flights, as the CSV files say")


def check_details(scratch: pathlib.Path, output: str) -> None:
    failures = re.findall(r"task 'parse' failed after 1 attempt: left at \d+, but the row has no arr_delay", output)
    if len(failures) != 3:
        sys.exit(f"three failures must be told with task, attempts and error:\n{output}")
    picture = (scratch / "flight.md").read_text(encoding="utf-8")
    if "```mermaid\nflowchart" not in picture or not re.search(r"Completed after 3 attempts, \d+ .?s", picture):
        sys.exit(f"the picture must show states, attempts and durations:\n{picture}")


def interrupt_in_the_middle(scratch: pathlib.Path) -> None:
    """Ctrl-C as soon as a tenth is settled."""
    with subprocess.Popen([PROGRAM, "--week"], cwd=scratch, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "flights done" in line and process.poll() is None:
                process.send_signal(signal.SIGINT)
                break
        output += process.stdout.read()
        process.wait(timeout=60)
    if process.returncode != 130 or "the same command goes on with it" not in output:
        sys.exit(f"after SIGINT: ended with {process.returncode}, expected 130 and a word how to go on:\n{output}")
    if "retries:" in output:
        sys.exit(f"void: the run had ended before the signal came\n{output}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cloacina-quickstart-") as directory:
        scratch = pathlib.Path(directory)
        day = [row for row in FLIGHTS if row["day"] == "8"]
        first = run(scratch)
        check("first start", first, day)
        check_details(scratch, first)
        again = run(scratch)
        check("second start", again, day)
        if "930 were done by an earlier run" not in again:
            sys.exit(f"the second start must say that nothing was left to do:\n{again}")
        run(scratch, "--fresh")
    with tempfile.TemporaryDirectory(prefix="cloacina-quickstart-") as directory:
        scratch = pathlib.Path(directory)
        interrupt_in_the_middle(scratch)
        check("after Ctrl-C", run(scratch, "--week"), FLIGHTS)


main()
