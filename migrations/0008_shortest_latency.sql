-- Shortest latency (ms) of the checks that passed; null: none passed, or an older release made the row.
ALTER TABLE rollups ADD COLUMN min REAL;
