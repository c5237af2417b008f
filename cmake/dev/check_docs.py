"""Checks every Markdown page: links lead somewhere, and code that names its source is found there line for line.

A fence that begins ```cpp file=examples/quickstart/main.cpp holds consecutive lines of that file; a line that is
only `// …`, in Python `# …`, stands for any lines left out.  Indentation that all lines share may be left out too.
"""

import pathlib
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
ANY_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"^\s*(?://|#) …\s*$\n?", re.MULTILINE)


def normal(lines: list[str]) -> list[str]:
    """The lines that are not empty, without blanks at their ends and without the indentation that all share."""
    return textwrap.dedent("\n".join(line.rstrip() for line in lines if line.strip())).splitlines()


def stands_in(snippet: str, source: str) -> bool:
    """Every part of the snippet is a run of consecutive lines of the source, the parts in order."""
    lines = [line for line in source.splitlines() if line.strip()]
    position = 0
    for part in LEFT_OUT.split(snippet):
        wanted = normal(part.splitlines())
        starts = range(position, len(lines) - len(wanted) + 1)
        found = next((start for start in starts if normal(lines[start:start + len(wanted)]) == wanted), None)
        if found is None:
            return False
        position = found + len(wanted)
    return True


def problems_of(page: pathlib.Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT)
    problems = []
    for source, snippet in FENCE.findall(text):
        path = ROOT / source
        if not path.is_file():
            problems.append(f"{name}: code is said to come from {source}, which does not exist")
        elif not stands_in(snippet, path.read_text(encoding="utf-8")):
            problems.append(f"{name}: the code from {source} is no longer there line for line; copy it again:\n{snippet}")
    for target in LINK.findall(ANY_FENCE.sub("", text)):
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
            problems.append(f"{name}: a link leads to {target}, which does not exist")
    return problems


def main() -> int:
    listing = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                             stdout=subprocess.PIPE, text=True, check=True)
    pages = [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]
    problems = [problem for page in pages for problem in problems_of(page)]
    print("\n".join(problems) if problems else f"{len(pages)} pages: links and code are as they say")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
