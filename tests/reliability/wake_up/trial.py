"""Wake-up: from a submission or a cancellation by one process until another acts on it, and a third is told of the end."""

from __future__ import annotations

import queue
import subprocess
import threading
import time

from trial import Trial, Void, end_by_input

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"deaf_to_hints": "R13: nobody asks whether others have written; the slow poll alone is left"}

BAR_MS = {"sqlite": 60, "postgres": 20}  # median, of what takes one hint
ANSWER_S = 30
PAUSE_S = 0.08     # at most, so that every moment between two looks is met


class Process:
    """One of the program's roles, its answers as they come."""

    def __init__(self, trial: Trial, role: str, url: str) -> None:
        self.role = role
        with (trial.directory / f"log.{role}").open("wb") as log:
            self.process = subprocess.Popen([trial.program("wake_up"), role, url], env=trial.environment(), text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.answers: queue.Queue[tuple[str, float]] = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        for line in self.process.stdout:
            words = line.split()
            if len(words) == 2 and words[1].isdigit():  # the library logs as well
                self.answers.put((words[0], int(words[1]) / 1000))

    def tell(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self) -> tuple[str, float]:
        """What, and when in ms."""
        try:
            return self.answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise Void(f"the process that has to {self.role} has not answered for {ANSWER_S} s") from None

    def end(self) -> None:
        end_by_input(self.process, ANSWER_S)


def rounds(trial: Trial, count: int, ask: Process, work: Process, wait: Process):
    """For each: from the submission to the body, from the body to who waits, from the cancellation to who waits."""
    for _ in range(count):
        time.sleep(trial.dice.uniform(0, PAUSE_S))
        ask.tell("submit short")
        execution, asked = ask.answer()
        began = work.answer()
        wait.tell(execution)
        status, told = wait.answer()
        if (began[0], status) != (execution, "Completed"):
            raise Void(f"{execution} is {status}, and {began[0]} began")
        ask.tell("submit endless")
        endless, _ = ask.answer()
        work.answer()
        wait.tell(endless)
        time.sleep(trial.dice.uniform(0, PAUSE_S))
        ask.tell(f"cancel {endless}")
        _, cancelled = ask.answer()
        status, gone = wait.answer()
        if status != "Cancelled":
            raise Void(f"{endless} was cancelled and is {status}")
        yield began[1] - asked, told - began[1], gone - cancelled


def run(trial: Trial) -> list[str]:
    url = trial.database("wake_up").url
    processes: list[Process] = []
    try:
        for role in ("work", "wait"):
            processes.append(Process(trial, role, url))
            processes[-1].answer()
        work, wait = processes
        ask = Process(trial, "ask", url)
        processes.append(ask)
        count = 8 if trial.mutant else trial.by_scale(40, 400, 4_000)  # with the slow poll alone, one takes 4 s
        measured = list(rounds(trial, count, ask, work, wait))
    finally:
        for process in processes:
            process.end()
    problems, bar_ms = [], BAR_MS[trial.backend]
    for name, bar, times in zip(("start", "told", "cancelled"), (bar_ms, bar_ms, 2 * bar_ms), zip(*measured)):
        median, p99 = (round(sorted(times)[int(part * len(times))], 1) for part in (0.5, 0.99))
        trial.note(**{f"{name}_p50_ms": median, f"{name}_p99_ms": p99})
        if median > bar:
            problems.append(f"late: {name}: the median is {median} ms, the bar is {bar} ms")
    return problems
