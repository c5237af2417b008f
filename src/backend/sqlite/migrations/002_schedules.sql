-- Nothing has written the tables of 001: here is what schedules need.
DROP TABLE schedule_firings;
DROP TABLE schedules;

-- `next_at` is the cursor: the first instant that has not been dealt with. `due_at` is when to look at it: later by its
-- jitter, or by the pause after an error; at once where something waits for the end of an execution.
CREATE TABLE schedules (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind = 'cron' OR kind = 'trigger'),
  workflow TEXT NOT NULL,
  name TEXT NOT NULL,
  expression TEXT NOT NULL,  -- of a trigger: how long between two polls
  timezone TEXT NOT NULL,
  options TEXT NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER,
  due_at INTEGER,
  last_at INTEGER,
  last_execution BLOB,
  queued INTEGER NOT NULL DEFAULT 0,
  runner BLOB,  -- who polls a trigger
  state TEXT,   -- what a trigger keeps
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX schedules_named ON schedules (kind, workflow, name) WHERE name <> '';
CREATE UNIQUE INDEX schedules_unnamed ON schedules (kind, workflow, expression, timezone) WHERE name = '';
CREATE INDEX schedules_due ON schedules (due_at) WHERE paused = 0 AND due_at IS NOT NULL;

CREATE TABLE schedule_firings (
  schedule_id BLOB NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
  nominal_at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome = 'fired' OR outcome = 'queued' OR outcome = 'skipped'),
  reason TEXT,
  execution_id BLOB,
  context_hash TEXT,  -- of what a trigger fired with
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (schedule_id, nominal_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_firings_queued ON schedule_firings (schedule_id, nominal_at) WHERE outcome = 'queued';

-- Instants that nobody fired in time, many in a row.
CREATE TABLE schedule_misses (
  schedule_id BLOB NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  instants INTEGER,  -- NULL: too many to count
  reason TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (schedule_id, first_at)
) STRICT, WITHOUT ROWID;
