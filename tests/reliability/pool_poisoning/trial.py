"""Pool poisoning: sessions of two tenants go from hand to hand, with errors between the reads, direct and through a pooler.

The pooler (PgBouncer, in transaction mode) gives both tenants the same few server sessions, of one role that may read both.
"""

from __future__ import annotations

import json
import os
import subprocess

from tenant_attack.trial import call
from trial import Trial, Void

BACKENDS = ("postgres",)
MUTANTS = {"session_search_path": "a statement names the schema that it means, whatever session it runs on"}

ERRORS = 0.03  # of the reads at least; about one in twenty is meant to have one before it


class Tenants:
    """Two, with a role each."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.admin = os.environ["CLOACINA_TEST_POSTGRES_URL"]
        self.names = [f"{name}_{os.getpid()}" for name in ("left", "right")]

    def __enter__(self) -> Tenants:
        self.urls = [call(self.trial, "create", self.admin, name) for name in self.names]
        return self

    def __exit__(self, *_) -> None:
        for name in self.names:
            subprocess.run([self.trial.program("tenant_attack"), "remove", self.admin, name], timeout=60, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read(trial: Trial, tenants: Tenants, urls: list[str], ids: str, checkouts: int) -> dict:
    of = [word for pair in zip(urls, tenants.names) for word in pair]
    answer = subprocess.run([trial.program("pool_poisoning"), "read", str(trial.seed), str(checkouts), *of], input=ids,
                            env=trial.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=60 + checkouts, check=False)
    if answer.returncode != 0:
        raise Void(f"ended with {answer.returncode}: {answer.stderr[-500:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def fill(trial: Trial, tenants: Tenants) -> str:
    lines = []
    for number, (url, name) in enumerate(zip(tenants.urls, tenants.names)):
        answer = subprocess.run([trial.program("pool_poisoning"), "fill", url, name], env=trial.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if answer.returncode != 0:
            raise Void(f"nothing to read: {answer.stderr[-300:]}")
        lines += [f"{number} {id}" for id in answer.stdout.split()]
    return "\n".join(lines) + "\n"


def run(trial: Trial) -> list[str]:
    checkouts = trial.by_scale(150, 1_500, 10_000)  # of each of eight threads of each tenant
    pooler = os.environ.get("CLOACINA_TEST_PGBOUNCER_URL", "")
    if not pooler:
        raise Void("CLOACINA_TEST_PGBOUNCER_URL is not set: ./dev test reliability starts PgBouncer, if it is installed, and sets it")
    problems: list[str] = []
    with Tenants(trial) as tenants:
        ids = fill(trial, tenants)
        holder = trial.database("holder")
        holder.rows("SELECT pg_advisory_lock_shared(4711) IS NULL")  # until its session ends; of other runs, too
        own_name = f"listen=false&application_name={trial.name}_{os.getpid()}"  # whose sessions may be ended
        ways = {"direct": [f"{url}&{own_name}" for url in tenants.urls],
                "pooled": [f"{pooler}?schema={name}&prepare=false&{own_name}" for name in tenants.names]}
        for way, urls in ways.items():
            seen = read(trial, tenants, urls, ids, checkouts)
            problems += [f"mismatch: {way}, {seen['mismatches']} in all: {example}" for example in seen.pop("examples")]
            trial.note(**{f"{way}_{name}": value for name, value in seen.items()})
            if not problems and (seen["errors"] < ERRORS * seen["reads"] or seen["reads"] < 16 * checkouts // 2):
                raise Void(f"{way}: {seen}")
    return problems
