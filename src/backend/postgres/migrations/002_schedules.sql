-- Nothing has written the tables of 001: here is what schedules need. See SQLite's for what the columns mean.
DROP TABLE {s}.schedule_firings;
DROP TABLE {s}.schedules;

CREATE TABLE {s}.schedules (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('cron', 'trigger')),
  workflow text NOT NULL,
  name text COLLATE "C" NOT NULL,
  expression text COLLATE "C" NOT NULL,
  timezone text COLLATE "C" NOT NULL,
  options text NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  next_at timestamptz,
  due_at timestamptz,
  last_at timestamptz,
  last_execution uuid,
  queued integer NOT NULL DEFAULT 0,
  runner uuid,
  state text,
  error text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX schedules_named ON {s}.schedules (kind, workflow, name) WHERE name <> '';
CREATE UNIQUE INDEX schedules_unnamed ON {s}.schedules (kind, workflow, expression, timezone) WHERE name = '';
CREATE INDEX schedules_due ON {s}.schedules (due_at) WHERE NOT paused AND due_at IS NOT NULL;

CREATE TABLE {s}.schedule_firings (
  schedule_id uuid NOT NULL REFERENCES {s}.schedules (id) ON DELETE CASCADE,
  nominal_at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('fired', 'queued', 'skipped')),
  reason text,
  execution_id uuid,
  context_hash text,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (schedule_id, nominal_at)
);

CREATE INDEX schedule_firings_queued ON {s}.schedule_firings (schedule_id, nominal_at) WHERE outcome = 'queued';

CREATE TABLE {s}.schedule_misses (
  schedule_id uuid NOT NULL REFERENCES {s}.schedules (id) ON DELETE CASCADE,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  instants bigint,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (schedule_id, first_at)
);
