"""Who may include whom: reads the #include lines of the tree and fails on any edge that is not listed here.

The rules are those of docs/explanation/architecture.md; this file is where they hold.
usage: run.py [TREE]; closes with `N passed, N failed, N skipped`, one case for each rule below.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOP_LEVEL = {
    "cmake", "docs", "examples", "include", "python", "src", "tests", ".ci",
    "CMakeLists.txt", "CMakePresets.json", "pyproject.toml", "docker-compose.yaml", "README.md", "LICENSE",
    "CHANGELOG.md", "CONTRIBUTING.md", "dev", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore",
}

# room -> rooms of ours that it may include, itself apart.  "public" is include/cloacina.
ROOMS = {
    "public": set(),
    "core": {"public"},
    "backend": {"public", "core"},
    "backend/sqlite": {"public", "core", "backend"},
    "backend/postgres": {"public", "core", "backend"},
    "dal": {"public", "core", "backend"},
    "engine": {"public", "core", "dal", "backend"},
    "runner": {"public", "core", "dal", "backend", "engine"},
    "cli": {"public", "core", "runner"},
    "dashboard": {"public", "core", "runner"},
    "tools": {"public", "core"},
    "python": {"public", "core", "runner"},
}

# The only files outside a driver's room that may name it: URL -> driver.
DRIVER_NAMERS = {"src/backend/open.cpp"}

# library -> rooms (or single files) that may include it; tests and the benchmarks may include all.
LIBRARIES = {
    "sqlite3": {"backend/sqlite"},
    "pqxx": {"backend/postgres"},
    "libpq-fe": {"backend/postgres"},
    "spdlog": {"engine", "runner", "cli", "dashboard", "python"},
    "asio": {"public", "engine", "runner", "cli", "dashboard", "python"},
    "pybind11": {"python"},
    "nlohmann": set(ROOMS),
}

# The standard library's own doors to a thread, a clock or the world: closed to the core.
CORE_FORBIDDEN = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "iostream", "fstream",
                  "filesystem", "random"}
# Registrars run whenever a library is loaded, from any thread: the registry guards itself.
CORE_EXCEPTIONS = {
    ("src/core/registry.cpp", "mutex"),
    # It names filesystem_error among the exceptions that bodies throw.
    ("src/core/foreign_exception.cpp", "filesystem"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of_path(path: str) -> str:
    """The room of a file of the tree, "" for tests, examples and the rest."""
    if path.startswith("include/cloacina/"):
        return "public"
    if path.startswith("python/src/"):
        return "python"
    if not path.startswith("src/"):
        return ""
    return room_of_name(path.removeprefix("src/"))


def room_of_name(name: str) -> str:
    """The room that an include names, "" when it is none of ours."""
    if name.startswith("cloacina/"):
        return "public"
    parts = name.split("/")
    for room in ("/".join(parts[:2]), parts[0]):
        if room in ROOMS and len(parts) > 1:
            return room
    return ""


def library_of(name: str) -> str:
    first = name.split("/")[0]
    return first.removesuffix(".hpp").removesuffix(".h")


def sources(tree: pathlib.Path) -> list[tuple[str, str]]:
    """Every C++ file of the library: its path in the tree and its text."""
    found = []
    for folder in ("include", "src", "python/src"):
        for path in sorted((tree / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h", ".ipp"):
                found.append((path.relative_to(tree).as_posix(), path.read_text(encoding="utf-8")))
    return found


def check_rooms(tree: pathlib.Path) -> list[str]:
    problems = []
    for path, text in sources(tree):
        room = room_of_path(path)
        for quote, name in INCLUDE.findall(text):
            target = room_of_name(name)
            own = room == "python" and "/" not in name  # the binding is one room, and one folder
            if not room or (not target and quote == '"' and not own):
                problems.append(f'{path}: "{name}" is in no room; write it from include/ or src/, as "core/graph.hpp"')
            elif target and target != room and target not in ROOMS[room] and path not in DRIVER_NAMERS:
                allowed = ", ".join(sorted(ROOMS[room])) or "nothing of ours"
                problems.append(f"{path}: includes {name}, but {room} may include only: {allowed}")
    return problems


def check_libraries(tree: pathlib.Path) -> list[str]:
    problems = []
    for path, text in sources(tree):
        for _, name in INCLUDE.findall(text):
            library = library_of(name)
            allowed = LIBRARIES.get(library)
            if allowed is not None and room_of_path(path) not in allowed:
                problems.append(f"{path}: includes {name}; only these may include {library}: {', '.join(sorted(allowed))}")
    return problems


def check_core_is_pure(tree: pathlib.Path) -> list[str]:
    return [f"{path}: includes <{name}>; core has no thread, no clock and no file: let them come in as arguments"
            for path, text in sources(tree) if room_of_path(path) == "core"
            for _, name in INCLUDE.findall(text) if name in CORE_FORBIDDEN and (path, name) not in CORE_EXCEPTIONS]


def check_asio_whole(tree: pathlib.Path) -> list[str]:
    """<asio.hpp> costs two seconds a file: public headers name the parts that they need."""
    return [f"{path}: includes <asio.hpp>; a public header includes only the parts that its signatures need"
            for path, text in sources(tree) if room_of_path(path) == "public"
            for _, name in INCLUDE.findall(text) if name == "asio.hpp"]


def check_sql(tree: pathlib.Path) -> list[str]:
    """SQL is written in the DAL and the drivers only."""
    statement = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|BEGIN IMMEDIATE)\s', re.MULTILINE)
    return [f"{path}: contains SQL; statements live in src/dal/, one file for each table"
            for path, text in sources(tree)
            if room_of_path(path) not in ("dal", "backend", "backend/sqlite", "backend/postgres") and statement.search(text)]


def check_top_level(tree: pathlib.Path) -> list[str]:
    if not (tree / ".git").exists():
        names = {path.name for path in tree.iterdir()}
    else:
        listing = subprocess.run(["git", "-C", str(tree), "ls-files", "--cached", "--others", "--exclude-standard"],
                                 stdout=subprocess.PIPE, text=True, check=True)
        names = {line.split("/")[0] for line in listing.stdout.splitlines()}
    return [f"{name}: not a part of the tree; the top level is {', '.join(sorted(TOP_LEVEL))}"
            for name in sorted(names - TOP_LEVEL)]


CHECKS = {
    "rooms include only what stands below them": check_rooms,
    "libraries are included only where they are hidden": check_libraries,
    "the core is pure": check_core_is_pure,
    "public headers take Asio in parts": check_asio_whole,
    "SQL is written in the DAL and the drivers": check_sql,
    "the top level holds nothing that the tree does not name": check_top_level,
}

# A check that finds nothing could be a check that looks at nothing: each must find its planted fault.
PLANTED = {
    check_rooms: ("src/dal/planted.cpp", '#include "engine/plan.hpp"\n'),
    check_libraries: ("src/engine/planted.cpp", "#include <sqlite3.h>\n"),
    check_core_is_pure: ("src/core/planted.cpp", "#  include <mutex>\n"),
    check_asio_whole: ("include/cloacina/planted.hpp", "#include <asio.hpp>\n"),
    check_sql: ("src/engine/planted.cpp", 'auto text = "UPDATE runners SET x = 1";\n'),
    check_top_level: ("misc/planted.txt", "planted\n"),
}


def finds_planted_fault(check) -> list[str]:
    path, text = PLANTED[check]
    with tempfile.TemporaryDirectory(prefix="cloacina-test-") as scratch:
        tree = pathlib.Path(scratch)
        before = check(tree)
        planted = tree / path
        planted.parent.mkdir(parents=True)
        planted.write_text(text, encoding="utf-8")
        found = check(tree)
    if before or len(found) != 1 or path.split("/")[0] not in found[0]:
        return [f"planted a fault in {path}; expected one finding there, found {found or 'nothing'}"]
    return []


def main() -> int:
    pattern = os.environ.get("CLOACINA_TEST_PATTERN", "")
    tree = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    passed = failed = 0
    for title, check in CHECKS.items():
        for name, problems in ((title, lambda c=check: c(tree)),
                               (f"{title}: a planted fault is found", lambda c=check: finds_planted_fault(c))):
            if not re.search(pattern, f"layers: {name}"):
                continue
            found = problems()
            passed, failed = (passed, failed + 1) if found else (passed + 1, failed)
            print(f"{'FAILED' if found else 'passed'}: {name}")
            for problem in found:
                print(f"  {problem}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
