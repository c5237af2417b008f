"""Processes at work on a disk that fills, and has room again."""

from __future__ import annotations

import json
import pathlib
import signal
import sqlite3
import subprocess
import time
import uuid

from disk_full.points import unclear
from disk_full.small_disk import SmallDisk
from storm.checker import read_lines
from trial import Trial, Void

MEGABYTES = 64
BAR_S = 5.0            # from the room to the first acceptance
SHUTDOWN_MS = 1_000    # as in work.cpp
LATE_MS = 500
GIVE_UP_S = 60.0
STANDSTILL_S = 0.3     # of this process: what the machine spoiled is not judged
SPOILED = 0.3          # of the rounds at most
PATIENCE_S = 35.0      # a client has 30
SAYS_SO = ("refuses for now", "free some space")  # one line of the log


class Rounds:
    """One disk, filled again and again."""

    def __init__(self, trial: Trial, directory: pathlib.Path, disk: SmallDisk) -> None:
        self.trial, self.directory, self.disk = trial, directory, disk
        self.witness = directory / "witness"
        self.witness.mkdir()
        self.log = directory / "log"
        self.problems: list[str] = []
        self.after_room_s: list[float] = []
        self.shutdowns_ms: list[int] = []
        self.full = self.spoiled = 0
        self.refused_to_start = 0
        self.worker = self.start()

    def start(self) -> subprocess.Popen:
        return self.disk.start("work", self.disk.place, self.witness, log=self.log)

    def told(self, name: str) -> list[dict]:
        path = self.witness / name
        return read_lines(path)[0] if path.exists() else []

    def accepted(self) -> int:
        """By the runner; the client's are not what is waited for."""
        path = self.witness / "accepted"
        return path.read_bytes().count(b'"by":"runner"') if path.exists() else 0

    def says_so(self) -> int:
        return sum(all(part in line for part in SAYS_SO) for line in self.log.read_text(errors="replace").splitlines())

    def wait_for(self, what: str, condition, meanwhile=lambda: None) -> tuple[float, bool]:
        """Seconds until it holds, and whether the machine stood still meanwhile."""
        begun = last = time.monotonic()
        stood_still = False
        while not condition():
            if self.worker.poll() is not None:
                raise Ended(f"exit: the process ended with {self.worker.returncode} before {what}: {self.log.read_text()[-600:]}")
            if time.monotonic() > begun + GIVE_UP_S:
                raise Ended(f"stuck: {what} did not come within {GIVE_UP_S} s")
            meanwhile()
            time.sleep(0.005)
            now = time.monotonic()
            stood_still, last = stood_still or now - last > STANDSTILL_S, now
        return time.monotonic() - begun, stood_still

    def wait_for_work(self) -> None:
        before = self.accepted()
        self.wait_for("work", lambda: self.accepted() > before + 50)

    def fill(self) -> None:
        self.wait_for_work()
        said = self.says_so()
        self.wait_for("the word that the disk is full", lambda: self.says_so() > said, meanwhile=self.disk.fill)
        self.full += 1

    def start_others(self) -> None:
        """On the full disk: a runner on the file, and one on a new file."""
        fresh = self.disk.inside / "fresh"
        fresh.mkdir()
        for place in (self.disk.place, self.disk.place / "fresh"):
            answer = json.loads(self.disk.ask("open", place).splitlines()[-1])
            if answer["call"] == "opened":
                continue  # its row found room in a page of the log
            self.refused_to_start += 1
            if unclear(answer):
                self.problems.append(f"unclear: {answer}")
        for path in fresh.iterdir():
            path.unlink()
        fresh.rmdir()

    def go_on(self, full_s: float) -> None:
        """The same process, as soon as there is room."""
        time.sleep(full_s)
        before = self.accepted()
        self.disk.empty()
        took, stood_still = self.wait_for("work after the room", lambda: self.accepted() > before)
        self.after_room_s.append(took)
        self.spoiled += stood_still
        if took > BAR_S and not stood_still:
            self.problems.append(f"late: nothing was accepted until {took:.1f} s after there was room, the bar is {BAR_S} s")

    def shut_down(self) -> None:
        """While nothing can be stored."""
        def answers() -> list[str]:
            return [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("shutdown ")]

        before = len(answers())
        self.worker.send_signal(signal.SIGTERM)
        _, stood_still = self.wait_for("the return of the shutdown", lambda: len(answers()) > before)
        took = int(answers()[-1].split()[1])
        self.shutdowns_ms.append(took)
        self.spoiled += stood_still
        if took > SHUTDOWN_MS + LATE_MS and not stood_still:
            self.problems.append(f"late: shutdown({SHUTDOWN_MS} ms) on a full disk took {took} ms")
        self.disk.empty()
        if code := self.worker.wait(timeout=GIVE_UP_S):
            self.problems.append(f"exit: a process that was shut down ended with {code}")
        self.worker = self.start()

    def die(self) -> None:
        self.worker.kill()
        self.worker.wait()
        self.start_others()
        self.disk.empty()
        self.worker = self.start()

    def one(self, kind: str) -> None:
        self.fill()
        if kind == "stay":
            self.start_others()
            self.go_on(self.trial.dice.uniform(0, 2))
        elif kind == "stay_long":
            told = len(self.told("errors"))
            self.go_on(PATIENCE_S)
            if len(self.told("errors")) == told:
                self.problems.append(f"silent: a client was not told within {PATIENCE_S} s that the disk is full")
        elif kind == "shut_down":
            self.shut_down()
        else:
            self.die()

    def end(self) -> None:
        self.wait_for_work()  # it may have been started only now
        self.worker.send_signal(signal.SIGTERM)
        if code := self.worker.wait(timeout=GIVE_UP_S):
            self.problems.append(f"exit: the process ended with {code}")
        finisher = self.disk.start("finish", self.disk.place, log=self.log)
        if code := finisher.wait(timeout=GIVE_UP_S):
            self.problems.append(f"exit: who finishes ended with {code}")
        self.disk.copy_out("work.db", self.directory)
        self.problems += self.judge()

    def judge(self):
        """What was told and is not stored; what is stored and did not end."""
        database = sqlite3.connect(self.directory / "work.db")
        if (answer := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            yield f"corrupt: {answer}"
        stored = {str(uuid.UUID(bytes=row[0])): row[1:] for row in database.execute(
            "SELECT id, idempotency_key, status, output FROM workflow_executions")}
        for line in self.told("accepted"):
            if stored.get(line["execution"], (None,))[0] != line["key"]:
                yield f"lost: accepted {line}, stored {stored.get(line['execution'])}"
        for line in self.told("answered"):
            _, status, output = stored.get(line["execution"], (None, None, None))
            if status != line["status"] or json.loads(output or "{}") != line["context"]:
                yield f"lost: answered {line['execution']} {line['status']}, stored {status}"
        for execution, (_, status, _) in stored.items():
            if status != "Completed":
                yield f"outcome: {execution} is {status}"
        for error in self.told("errors"):
            if error["call"] == "read" or unclear(error):
                yield f"told: {error}"
        database.close()


class Ended(Exception):
    """The rounds cannot go on; says what was violated."""


def kinds_of_a_disk(trial: Trial, number: int) -> list[str]:
    kinds = ["stay", "stay", "stay", "shut_down", "die"]
    trial.dice.shuffle(kinds)
    return kinds + ["stay_long"] if trial.scale != "quick" and number % 4 == 0 else kinds


def on_one_disk(trial: Trial, number: int) -> Rounds:
    directory = trial.directory / f"rounds{number}"
    directory.mkdir()
    with SmallDisk(trial, directory / "disk", MEGABYTES) as disk:
        rounds = Rounds(trial, directory, disk)
        try:
            for kind in kinds_of_a_disk(trial, number):
                rounds.one(kind)
                if rounds.problems:
                    break
            else:
                rounds.end()
        except Ended as ended:
            rounds.problems.append(str(ended))
        finally:
            rounds.worker.kill()
            rounds.worker.wait()
    return rounds


def run_rounds(trial: Trial) -> list[str]:
    begun = time.monotonic()
    disks: list[Rounds] = []
    for number in range(trial.by_scale(1, 20, 200)):
        disks.append(on_one_disk(trial, number))
        if disks[-1].problems:
            break
    full = sum(disk.full for disk in disks)
    spoiled = sum(disk.spoiled for disk in disks)
    refused = sum(disk.refused_to_start for disk in disks)
    trial.note(full_disks=full, accepted=sum(len(disk.told("accepted")) for disk in disks), refused_to_start=refused,
               clients_told=sum(len(disk.told("errors")) for disk in disks),
               work_after_room_s=round(max((took for disk in disks for took in disk.after_room_s), default=0.0), 2),
               shutdown_ms=max((took for disk in disks for took in disk.shutdowns_ms), default=0), spoiled=spoiled,
               full_disks_s=round(time.monotonic() - begun, 1))
    problems = [problem for disk in disks for problem in disk.problems]
    if not problems and not refused:
        raise Void("nobody was refused to start on a full disk")
    if not problems and spoiled > SPOILED * full:
        raise Void(f"the machine stood still in {spoiled} of {full} rounds")
    return problems
