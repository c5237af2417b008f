-- A trigger is known by its name, whatever its workflow is by now.
CREATE UNIQUE INDEX schedules_trigger ON schedules (name) WHERE kind = 'trigger';

-- Of a trigger: when it was polled last, as of a moment ago.
ALTER TABLE schedules ADD COLUMN polled_at INTEGER;

-- Polls in a row that fired nothing have their line here too: skipped, because an execution was unfinished, or failed.
ALTER TABLE schedule_misses ADD COLUMN outcome TEXT NOT NULL DEFAULT 'missed'
  CHECK (outcome = 'missed' OR outcome = 'skipped' OR outcome = 'failed');

-- Whether a trigger may fire with this context again.
CREATE INDEX schedule_firings_context ON schedule_firings (schedule_id, context_hash, nominal_at)
  WHERE context_hash IS NOT NULL;
