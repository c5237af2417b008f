-- The same tables as SQLite's, in PostgreSQL's types. `{s}.` is the schema of the tenant: nothing depends on search_path.
-- Keys compare by their bytes, as they do in the library, whatever the collation of the database.

-- Narrow on purpose: every transaction of a runner rewrites its row. Room on its page, so that no index is touched.
CREATE TABLE {s}.runners (
  id uuid PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('alive', 'stopped', 'dead')),
  commit_seq bigint NOT NULL DEFAULT 0,
  lease_until timestamptz NOT NULL,
  boot_id text NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  library_version text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz
) WITH (fillfactor = 20);

CREATE INDEX runners_alive ON {s}.runners (id) WHERE state = 'alive';

-- What a runner knows; `workflow` is "name@version".
CREATE TABLE {s}.runner_workflows (
  runner_id uuid NOT NULL REFERENCES {s}.runners (id) ON DELETE CASCADE,
  workflow text NOT NULL,
  PRIMARY KEY (runner_id, workflow)
);

-- json, not jsonb: the order of keys and the digits of numbers stay.
CREATE TABLE {s}.workflow_definitions (
  name text NOT NULL,
  version text NOT NULL,
  definition json NOT NULL,
  PRIMARY KEY (name, version)
);

CREATE TABLE {s}.workflow_executions (
  id uuid PRIMARY KEY,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL CHECK (status IN ('Completed', 'Running', 'Pending', 'Failed', 'Cancelled', 'Paused')),
  priority smallint NOT NULL DEFAULT 0,
  takeovers integer NOT NULL DEFAULT 0,
  owner uuid,
  created_at timestamptz NOT NULL,
  start_after timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  deadline timestamptz,
  idempotency_key text COLLATE "C",
  parent_execution uuid,
  parent_task text,
  error text,
  input text,  -- NULL: in execution_inputs
  output text
) WITH (fillfactor = 60);

-- Inputs that are larger than 1 KiB: a takeover of ten thousand executions must not write their inputs again.
CREATE TABLE {s}.execution_inputs (
  execution_id uuid PRIMARY KEY,
  input text NOT NULL
);

-- Each row is in at most one of the next three, and in none when it is final: how fast they are does not depend on how
-- much history there is.
CREATE INDEX executions_owned ON {s}.workflow_executions (owner) WHERE owner IS NOT NULL;
CREATE INDEX executions_unowned ON {s}.workflow_executions (priority DESC, id)
  WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL;
CREATE INDEX executions_delayed ON {s}.workflow_executions (start_after)
  WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NOT NULL;

CREATE UNIQUE INDEX executions_idempotency_key ON {s}.workflow_executions (workflow, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- No foreign key to the execution: the fence already keeps everybody but the owner from writing here.
CREATE TABLE {s}.task_executions (
  execution_id uuid NOT NULL,
  task text COLLATE "C" NOT NULL,
  status text NOT NULL CHECK (status IN ('Completed', 'Running', 'Ready', 'Skipped', 'Failed', 'Cancelled', 'Deferred',
                                         'NotStarted')),
  attempt bigint NOT NULL DEFAULT 1,
  crashes bigint NOT NULL DEFAULT 0,
  at_most_once boolean NOT NULL DEFAULT false,
  started_at timestamptz,
  completed_at timestamptz,
  wake_at timestamptz,
  delta text,
  error text,
  skip_reason text,
  checkpoint text,
  PRIMARY KEY (execution_id, task)
) WITH (fillfactor = 90);

CREATE TABLE {s}.task_attempts (
  execution_id uuid NOT NULL,
  task text COLLATE "C" NOT NULL,
  attempt bigint NOT NULL,
  runner_id uuid,
  status text NOT NULL,
  error text NOT NULL,
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (execution_id, task, attempt)
);

CREATE TABLE {s}.control_requests (
  id uuid PRIMARY KEY,
  execution_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('cancel', 'pause', 'resume', 'signal', 'child_ended', 'upgrade')),
  payload text,
  requested_at timestamptz NOT NULL,
  applied_at timestamptz,
  outcome text
);

CREATE INDEX control_requests_waiting ON {s}.control_requests (execution_id, id) WHERE applied_at IS NULL;

CREATE TABLE {s}.schedules (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('cron', 'trigger')),
  workflow text NOT NULL,
  name text NOT NULL,
  specification text NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  next_at timestamptz,
  runner uuid,
  created_at timestamptz NOT NULL
);

CREATE INDEX schedules_due ON {s}.schedules (next_at) WHERE NOT paused AND next_at IS NOT NULL;

CREATE TABLE {s}.schedule_firings (
  schedule_id uuid NOT NULL REFERENCES {s}.schedules (id) ON DELETE CASCADE,
  nominal_at timestamptz NOT NULL,
  execution_id uuid,
  fired_at timestamptz NOT NULL,
  outcome text,
  PRIMARY KEY (schedule_id, nominal_at)
);

-- Every task of every execution, also those without a row. For people and the dashboard.
CREATE VIEW {s}.task_status AS
SELECT e.id AS execution_id, e.workflow, e.version, e.status AS execution_status,
       d.task ->> 'id' AS task,
       coalesce(t.status, 'NotStarted') AS status,
       coalesce(t.attempt, 1) AS attempt, coalesce(t.crashes, 0) AS crashes,
       t.delta, t.error, t.skip_reason, t.started_at, t.completed_at, t.wake_at
FROM {s}.workflow_executions AS e
JOIN {s}.workflow_definitions AS w ON w.name = e.workflow AND w.version = e.version
CROSS JOIN LATERAL json_array_elements(
  CASE json_typeof(w.definition -> 'tasks') WHEN 'array' THEN w.definition -> 'tasks' ELSE '[]' END) AS d (task)
LEFT JOIN {s}.task_executions AS t ON t.execution_id = e.id AND t.task = d.task ->> 'id';
