-- Passes in a row that end an outage.
ALTER TABLE services ADD COLUMN recover_after INTEGER NOT NULL DEFAULT 1;
