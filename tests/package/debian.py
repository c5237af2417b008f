"""The Debian package: what it holds, says and needs, and a program that is built against it where it was unpacked.

usage: debian.py PACKAGE.deb
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"


def call(*command: object, **variables: str) -> str:
    words = [str(word) for word in command]
    answer = subprocess.run(words, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=600, check=False)
    assert answer.returncode == 0, f"{' '.join(words)}\nended with {answer.returncode}:\n{answer.stdout[-6000:]}"
    return answer.stdout


def check_contents(package: pathlib.Path) -> None:
    lines = call("dpkg-deb", "--contents", package).splitlines()
    names = [line.split()[5] for line in lines]
    for wanted in ("/usr/bin/cloacina", "/libcloacina.so", "/cmake/cloacina/cloacina-config.cmake",
                   "/usr/include/cloacina/cloacina.hpp", "/usr/share/doc/cloacina/LICENSE"):
        assert any(name.endswith(wanted) for name in names), f"{wanted} is missing in:\n" + "\n".join(names)
    for name in names:
        assert name.startswith("./usr/") or name == "./", f"{name} does not belong there"
    for line in lines:
        assert line.split()[1] == "root/root", f"not root's: {line}"


def check_control(package: pathlib.Path) -> None:
    needs = call("dpkg-deb", "--field", package, "Depends")
    for wanted in ("libc6", "libsqlite3-0", "libpqxx-", "libspdlog", "nlohmann-json3-dev", "libpqxx-dev"):
        assert wanted in needs, f"it does not depend on {wanted}, only on {needs}"
    recommends = call("dpkg-deb", "--field", package, "Recommends")
    assert "tzdata" in recommends, f"it does not recommend tzdata, only {recommends}"


def check_consumer(package: pathlib.Path, place: pathlib.Path) -> None:
    call("dpkg-deb", "--extract", package, place / "root")
    call("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", place / "build", f"-DCMAKE_PREFIX_PATH={place / 'root/usr'}")
    call("cmake", "--build", place / "build")
    (library,) = (place / "root").rglob("libcloacina.so")
    program = place / "build/consumer"
    assert str(library.parent) in call("ldd", program), "it runs with another library than that of the package"
    assert call(program, f"sqlite://{place}/consumer.db") == "doubled: 42\n"
    command = place / "root/usr/bin/cloacina"
    version = package.name.split("_")[1]
    assert call(command, "--version") == f"cloacina {version}\n"


def main() -> None:
    package = pathlib.Path(sys.argv[1]).resolve()
    check_contents(package)
    check_control(package)
    with tempfile.TemporaryDirectory(prefix="cloacina-package-") as scratch:
        check_consumer(package, pathlib.Path(scratch))
    print(f"{package.name}: a program builds against it and runs")


if __name__ == "__main__":
    main()
