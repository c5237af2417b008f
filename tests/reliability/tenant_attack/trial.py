"""Tenant attack: statements of one tenant's role against another's rows, its own tables' shape, and the server's roles."""

from __future__ import annotations

import os
import subprocess

from trial import Trial, Void

BACKENDS = ("postgres",)
MUTANTS = {"generous_grants": "the tenant's role is given every right on every table, and PUBLIC on its schema"}

# {v}: the victim's schema and role, {a}: the attacker's, {d}: the database.  Every one must be refused or change nothing.
ATTACKS = """
SELECT * FROM {v}.workflow_executions
SELECT input FROM {v}.workflow_executions
SELECT count(*) FROM {v}.task_executions
SELECT * FROM {v}.execution_inputs
SELECT * FROM {v}.runners
SELECT * FROM {v}.runner_workflows
SELECT * FROM {v}.control_requests
SELECT * FROM {v}.workflow_definitions
SELECT * FROM {v}.schema_migrations
SELECT * FROM {v}.schedules
SELECT * FROM {v}.task_status
TABLE {v}.workflow_executions
COPY {v}.workflow_executions TO STDOUT
COPY (SELECT * FROM {v}.task_executions) TO STDOUT
COPY {v}.workflow_executions TO PROGRAM 'cat > /tmp/stolen'
SELECT pg_read_file('postgresql.conf')
SELECT lo_import('/etc/passwd')
UPDATE {v}.workflow_executions SET status = 'Cancelled'
UPDATE {v}.runners SET state = 'dead'
DELETE FROM {v}.task_executions
DELETE FROM {v}.runners
INSERT INTO {v}.control_requests SELECT gen_random_uuid(), gen_random_uuid(), 'cancel', NULL, now(), NULL, NULL
TRUNCATE {v}.workflow_executions
LOCK TABLE {v}.workflow_executions IN ACCESS EXCLUSIVE MODE
SELECT * FROM {v}.workflow_executions FOR UPDATE
DROP SCHEMA {v} CASCADE
DROP TABLE {v}.workflow_executions CASCADE
ALTER TABLE {v}.workflow_executions ADD COLUMN x int
ALTER SCHEMA {v} RENAME TO taken
ALTER SCHEMA {v} OWNER TO {a}
CREATE TABLE {v}.planted (i int)
CREATE VIEW {v}.planted AS SELECT 1
CREATE FUNCTION {v}.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE TRIGGER planted AFTER INSERT ON {v}.workflow_executions EXECUTE FUNCTION suppress_redundant_updates_trigger()
CREATE INDEX planted ON {v}.workflow_executions (workflow)
CREATE RULE planted AS ON INSERT TO {v}.runners DO NOTHING
CREATE POLICY planted ON {v}.runners USING (true)
COMMENT ON SCHEMA {v} IS 'planted'
CREATE TABLE {a}.planted (i int)
CREATE FUNCTION {a}.planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'
CREATE TRIGGER planted AFTER INSERT ON {a}.workflow_executions EXECUTE FUNCTION suppress_redundant_updates_trigger()
ALTER TABLE {a}.workflow_executions DISABLE TRIGGER ALL
ALTER TABLE {a}.workflow_executions ADD COLUMN x int
DROP TABLE {a}.workflow_executions CASCADE
TRUNCATE {a}.workflow_executions
INSERT INTO {a}.schema_migrations VALUES (99, 'planted', 'x')
DELETE FROM {a}.schema_migrations
UPDATE {a}.schema_migrations SET sha256 = 'x'
GRANT SELECT ON {a}.workflow_executions TO {v}
GRANT ALL ON SCHEMA {a} TO PUBLIC
ALTER DEFAULT PRIVILEGES IN SCHEMA {a} GRANT ALL ON TABLES TO PUBLIC
CREATE TABLE public.planted (i int)
CREATE FUNCTION public.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE TEMP TABLE planted (i int)
CREATE TEMP VIEW planted AS SELECT 1
CREATE SCHEMA planted
CREATE DATABASE planted
CREATE EXTENSION dblink
CREATE ROLE planted SUPERUSER
CREATE ROLE planted LOGIN
ALTER ROLE {a} SUPERUSER
ALTER ROLE {a} CREATEROLE
ALTER ROLE {a} BYPASSRLS
ALTER ROLE {v} PASSWORD 'planted'
ALTER ROLE {v} NOLOGIN
DROP ROLE {v}
SET ROLE {v}
SET ROLE cloacina
SET SESSION AUTHORIZATION {v}
SET ROLE {owner}
GRANT {v} TO {a}
GRANT pg_read_all_data TO {a}
GRANT {owner} TO {a}
REASSIGN OWNED BY {v} TO {a}
SET session_replication_role TO replica
ALTER SYSTEM SET fsync TO off
ALTER DATABASE {d} SET default_transaction_read_only TO on
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{v}' AND pg_terminate_backend(pid)
SELECT rolpassword FROM pg_authid
SELECT pg_reload_conf()
CREATE PUBLICATION planted FOR ALL TABLES
CREATE EVENT TRIGGER planted ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()
""".strip().splitlines()

# What must be as it was: the victim's rows, whatever belongs to whom, and who may do what.
STATE = """
SELECT 'schema', nspname, nspowner::regrole::text || coalesce(nspacl::text, '') FROM pg_namespace
UNION ALL SELECT 'relation', oid::regclass::text, relowner::regrole::text || coalesce(relacl::text, '') FROM pg_class
  WHERE relnamespace::regnamespace::text !~ '^pg_' OR relname ~ 'planted'
UNION ALL SELECT 'function', proname, proowner::regrole::text FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^pg_'
UNION ALL SELECT 'role', rolname, concat(rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls) FROM pg_roles
UNION ALL SELECT 'member', roleid::regrole::text, member::regrole::text FROM pg_auth_members
UNION ALL SELECT 'database', datname, coalesce(datacl::text, '') FROM pg_database
UNION ALL SELECT 'trigger', tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'column', attrelid::regclass::text, attname FROM pg_attribute WHERE attrelid::regclass::text ~ '^{v}|^{a}'
UNION ALL SELECT 'execution', id::text, status || coalesce(input, '') FROM {v}.workflow_executions
UNION ALL SELECT 'task', task, status || coalesce(delta, '') FROM {v}.task_executions
UNION ALL SELECT 'migration', version::text, sha256 FROM {a}.schema_migrations
UNION ALL SELECT 'request', id::text, kind FROM {v}.control_requests
ORDER BY 1, 2, 3
"""


def psql(url: str, sql: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", url,
                           "--command", sql], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                          check=False)


def call(trial: Trial, *arguments: str) -> str:
    answer = subprocess.run([trial.program("tenant_attack"), *arguments], env=trial.environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    if answer.returncode != 0:
        raise Void(f"{arguments[0]}: {answer.stdout}")
    return answer.stdout.strip()


def run(trial: Trial) -> list[str]:
    admin = os.environ["CLOACINA_TEST_POSTGRES_URL"]
    names = {"a": f"attacker_{os.getpid()}", "v": f"victim_{os.getpid()}", "d": "postgres"}
    problems = []
    try:
        urls = {key: call(trial, "create", admin, names[key]) for key in ("a", "v")}
        call(trial, "run", urls["v"])
        attacker = urls["a"].split("?")[0]
        owner = psql(admin, f"SELECT nspowner::regrole FROM pg_namespace WHERE nspname = '{names['v']}'").stdout.strip()
        state = STATE.format(**names)
        before = psql(admin, state)
        if before.returncode != 0 or names["v"] not in before.stdout or "of-the-victim" not in before.stdout:
            raise Void(f"the state cannot be read: {before.stdout[-500:]}")
        refused = 0
        for attack in [*ATTACKS, "SELECT 'the end'"]:
            answer = psql(attacker, attack.format(**names, owner=owner))
            if "of-the-victim" in answer.stdout or "canary" in answer.stdout:
                problems.append(f"read: {attack}: {answer.stdout[:200]}")
            if answer.returncode != 0:
                refused += 1  # and has changed nothing, which is seen at the end
                continue
            after = psql(admin, state)
            if after.stdout != before.stdout:
                changed = set(after.stdout.splitlines()) ^ set(before.stdout.splitlines())
                problems.append(f"changed: {attack}: {sorted(changed)[:3]}")
                before = after
        trial.note(attacks=len(ATTACKS), refused=refused)
        if len(ATTACKS) < 60:
            raise Void("too few attacks")
        if refused < len(ATTACKS) - 8 and not problems:  # what gives nothing away may answer with nothing
            problems.append(f"answered: only {refused} of {len(ATTACKS)} statements were refused")
    finally:
        for key in ("a", "v"):
            subprocess.run([trial.program("tenant_attack"), "remove", admin, names[key]], timeout=60, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return problems
