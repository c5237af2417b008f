"""Runs an example in a scratch directory: run_example.py PROGRAM [EXPECTED.txt]."""

import difflib
import pathlib
import subprocess
import sys
import tempfile


def main() -> int:
    program = pathlib.Path(sys.argv[1]).resolve()
    expected = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="cloacina-example-") as scratch:
        answer = subprocess.run([program], cwd=scratch, stdout=subprocess.PIPE, text=True, timeout=150, check=False)
    print(answer.stdout, end="")
    if answer.returncode != 0:
        print(f"{program.name} ended with {answer.returncode}, expected 0")
        return 1
    if expected is not None and expected.exists():
        difference = list(difflib.unified_diff(expected.read_text(encoding="utf-8").splitlines(),
                                               answer.stdout.splitlines(), "expected.txt", "output", lineterm=""))
        print("\n".join(difference))
        return 1 if difference else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
