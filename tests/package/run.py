"""The package as its users meet it: a program outside the tree builds against cloacina and runs a workflow.

usage: run.py --build DIR [--jobs N]; closes with `N passed, N failed, N skipped`.
The library is compiled once: the consumer takes it in as a subdirectory, that build is installed, turned into
a shared library (objects are position-independent either way) and installed again.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"


class Package:
    """The builds of this test, all under one directory."""

    def __init__(self, directory: pathlib.Path, jobs: int) -> None:
        self.directory = directory
        self.jobs = jobs
        self.launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={found}"] if (found := shutil.which("ccache")) else []

    def call(self, *command: object, cwd: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(word) for word in command], cwd=cwd, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=1200, check=False)

    def must(self, *command: object, cwd: pathlib.Path | None = None) -> str:
        answer = self.call(*command, cwd=cwd)
        assert answer.returncode == 0, f"{' '.join(map(str, command))}\nended with {answer.returncode}:\n{answer.stdout[-6000:]}"
        return answer.stdout

    def configure(self, name: str, *options: str, source: pathlib.Path = CONSUMER) -> subprocess.CompletedProcess[str]:
        return self.call("cmake", "-G", "Ninja", "-S", source, "-B", self.directory / name,
                         "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1", "-DCLOACINA_UNITY=ON", *self.launcher,
                         *options)

    def configured(self, name: str, *options: str) -> None:
        answer = self.configure(name, *options)
        assert answer.returncode == 0, answer.stdout[-6000:]

    def refused(self, name: str, expected: str, *options: str, source: pathlib.Path = CONSUMER) -> None:
        """CMake must stop, and say why."""
        shutil.rmtree(self.directory / name, ignore_errors=True)
        answer = self.configure(name, *options, source=source)
        assert answer.returncode != 0, "CMake configured what it should have refused"
        words = re.sub(r"\s+", " ", answer.stdout)
        assert expected in words, f"expected {expected!r} in:\n{answer.stdout[-3000:]}"

    def build(self, name: str) -> None:
        self.must("cmake", "--build", self.directory / name, "--parallel", self.jobs)

    def run_consumer(self, name: str) -> pathlib.Path:
        program = self.directory / name / "consumer"
        for database in self.directory.glob(f"{name}/consumer.db*"):
            database.unlink()
        assert self.must(program, cwd=self.directory / name) == "doubled: 42\n"
        return program

    def prefix(self, variant: str) -> pathlib.Path:
        return self.directory / f"prefix-{variant}"

    def install(self, variant: str) -> None:
        shutil.rmtree(self.prefix(variant), ignore_errors=True)
        self.must("cmake", "--install", self.directory / "subdirectory/cloacina", "--prefix", self.prefix(variant))

    def must_have_command(self, variant: str) -> None:
        """It runs where it was installed, and knows its SQL."""
        command = self.prefix(variant) / "bin/cloacina"
        assert self.must(command, "--version").startswith("cloacina ")
        assert "CREATE TABLE" in self.must(command, "migrate", "--print")


def add_subdirectory(package: Package) -> None:
    package.configured("subdirectory", f"-DCLOACINA_SOURCE_DIR={ROOT}", "-DCLOACINA_INSTALL=ON", "-DCLOACINA_BUILD_CLI=ON",
                       "-DBUILD_SHARED_LIBS=OFF")
    cache = (package.directory / "subdirectory/CMakeCache.txt").read_text(encoding="utf-8")
    for option in ("TESTS", "EXAMPLES", "BENCHMARKS"):
        assert f"CLOACINA_BUILD_{option}:BOOL=OFF" in cache, f"CLOACINA_BUILD_{option} is not off in a subdirectory"
    package.build("subdirectory")
    package.run_consumer("subdirectory")


def installed_static(package: Package) -> None:
    package.install("static")
    package.configured("static", f"-DCMAKE_PREFIX_PATH={package.prefix('static')}")
    package.build("static")
    program = package.run_consumer("static")
    assert "libcloacina.so" not in package.must("ldd", program)
    package.must_have_command("static")


def installed_shared(package: Package) -> None:
    package.configured("subdirectory", "-DBUILD_SHARED_LIBS=ON")
    package.build("subdirectory")
    package.install("shared")
    package.configured("shared", f"-DCMAKE_PREFIX_PATH={package.prefix('shared')}")
    package.build("shared")
    program = package.run_consumer("shared")
    assert "libcloacina.so" in package.must("ldd", program)
    package.must_have_command("shared")


def too_new_a_version(package: Package) -> None:
    package.refused("too-new", 'compatible with requested version "0.2"',
                    f"-DCMAKE_PREFIX_PATH={package.prefix('static')}", "-DWANTED_VERSION=0.2")


def workflows_in_a_static_library(package: Package) -> None:
    package.refused("into-static", "static_library is a STATIC library",
                    f"-DCMAKE_PREFIX_PATH={package.prefix('static')}", "-DWORKFLOWS_TARGET=static_library")


def forgotten_co_return(package: Package) -> None:
    package.configured("forgotten", f"-DCMAKE_PREFIX_PATH={package.prefix('static')}", "-DCMAKE_CXX_FLAGS=-DFORGET_CO_RETURN")
    answer = package.call("cmake", "--build", package.directory / "forgotten", "--target", "consumer_workflows_1")
    # A body without any co_ keyword is no coroutine: it is a function that returns nothing.
    assert answer.returncode != 0 and "-Werror=return-type" in answer.stdout, answer.stdout[-3000:]


def first_tutorial(package: Package) -> None:
    """The commands and the output of docs/tutorials/01-first-workflow.md, in a copy of its directory."""
    program = package.directory / "climate"
    shutil.rmtree(program, ignore_errors=True)
    shutil.copytree(ROOT / "examples/tutorials/01-first-workflow", program)
    package.must("cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 f"-DCMAKE_PREFIX_PATH={package.prefix('static')}", cwd=program)
    package.must("cmake", "--build", "build", cwd=program)
    answer = "Oslo: 4.5 degrees, Completed\n"
    assert package.must("./build/climate", cwd=program).startswith("measuring in Oslo\n" + answer)
    assert package.must("./build/climate", cwd=program).startswith(answer)


def no_sabotage(package: Package) -> None:
    """The switches of the reliability trials are in their programs, and in no library, also in a tree with tests."""
    switch = b"CLOACINA_MUTANT"
    assert switch in (ROOT / "src/core/sabotage.hpp").read_bytes(), "the switch has another name by now"
    tree = package.directory.parent
    package.must("cmake", "--build", tree, "--target", "cloacina", "--parallel", package.jobs)
    libraries = list(tree.glob("src/libcloacina.*"))
    assert libraries, f"no library in {tree}/src"
    for library in libraries:
        assert switch not in library.read_bytes(), f"{library} can be sabotaged by an environment variable"


def one_driver(package: Package, driver: str, other: str) -> None:
    """Only the backend is compiled anew: no other room knows a driver."""
    package.configured("subdirectory", "-DBUILD_SHARED_LIBS=OFF", f"-DCLOACINA_WITH_{driver}=ON",
                       f"-DCLOACINA_WITH_{other}=OFF")
    package.build("subdirectory")
    package.install(driver.lower())
    package.configured(driver.lower(), f"-DCMAKE_PREFIX_PATH={package.prefix(driver.lower())}")
    package.build(driver.lower())


def sqlite_alone(package: Package) -> None:
    one_driver(package, "SQLITE", "POSTGRES")
    program = package.run_consumer("sqlite")
    assert "libpq" not in package.must("ldd", program)
    answer = package.call(program, "postgres://user:secret-canary@127.0.0.1/db")
    assert answer.returncode == 1 and "needs the PostgreSQL driver" in answer.stdout, answer.stdout
    assert "secret-canary" not in answer.stdout


def postgres_alone(package: Package) -> None:
    url = os.environ.get("CLOACINA_TEST_POSTGRES_URL")
    assert url, "CLOACINA_TEST_POSTGRES_URL is not set: ./dev test starts a server and sets it"
    one_driver(package, "POSTGRES", "SQLITE")
    program = package.directory / "postgres" / "consumer"
    assert "libsqlite3" not in package.must("ldd", program)
    answer = package.call(program, "sqlite://consumer.db")
    assert answer.returncode == 1 and "needs the SQLite driver" in answer.stdout, answer.stdout
    schema = f"package_{os.getpid()}"
    try:
        assert package.must(program, f"{url}{'&' if '?' in url else '?'}schema={schema}") == "doubled: 42\n"
    finally:
        package.must("psql", "--quiet", url, "--command", f"SET client_min_messages TO error; DROP SCHEMA IF EXISTS {schema} CASCADE")


def no_driver(package: Package) -> None:
    package.refused("none", "leaves no database", "-DCLOACINA_WITH_SQLITE=OFF", "-DCLOACINA_WITH_POSTGRES=OFF", source=ROOT)


CASES = {
    "as a subdirectory, without its tests": add_subdirectory,
    "installed, static": installed_static,
    "installed, shared": installed_shared,
    "a version that is not installed is refused": too_new_a_version,
    "workflows in a static library are refused with the reason": workflows_in_a_static_library,
    "a forgotten co_return in a workflow is an error": forgotten_co_return,
    "the first tutorial, as its page says": first_tutorial,
    "the library cannot be sabotaged": no_sabotage,
    "with the SQLite driver alone": sqlite_alone,
    "with the PostgreSQL driver alone": postgres_alone,
    "a build without any driver is refused": no_driver,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if not re.search(os.environ.get("CLOACINA_TEST_PATTERN", ""), "package: " + "; ".join(CASES)):
        print("0 passed, 0 failed, 0 skipped")
        return 0

    directory = arguments.build.resolve() / "package"
    directory.mkdir(parents=True, exist_ok=True)
    package = Package(directory, arguments.jobs)
    passed = failed = 0
    for name, case in CASES.items():  # in order: later ones use what earlier ones installed
        try:
            case(package)
            passed += 1
        except (AssertionError, OSError, subprocess.TimeoutExpired) as problem:
            failed += 1
            print(f"FAILED: package: {name}\n{problem}")
    if failed:
        shutil.rmtree(directory)  # the next run must not inherit what went wrong
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
