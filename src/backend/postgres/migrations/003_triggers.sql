-- See SQLite's for what these are.
CREATE UNIQUE INDEX schedules_trigger ON {s}.schedules (name) WHERE kind = 'trigger';

ALTER TABLE {s}.schedules ADD COLUMN polled_at timestamptz;

ALTER TABLE {s}.schedule_misses ADD COLUMN outcome text NOT NULL DEFAULT 'missed'
  CHECK (outcome IN ('missed', 'skipped', 'failed'));

CREATE INDEX schedule_firings_context ON {s}.schedule_firings (schedule_id, context_hash, nominal_at)
  WHERE context_hash IS NOT NULL;
