-- Rollups of 60 days ago and older, merged: one row for each service and whole day (UTC).
CREATE TABLE daily_rollups (
  service_id INTEGER NOT NULL,
  day INTEGER NOT NULL, -- its start
  hours INTEGER NOT NULL, -- which of its 24 hours are in the row; bit 0 is the first
  checks INTEGER NOT NULL, -- that gave an answer, good or bad
  failures INTEGER NOT NULL,
  min REAL, -- ms, of the checks that passed; null when none did, or when it is not known
  max REAL, -- ms, of the checks that passed; null when none did
  histogram TEXT NOT NULL DEFAULT '[]', -- latencies of the checks that passed
  PRIMARY KEY (service_id, day)
) WITHOUT ROWID;
