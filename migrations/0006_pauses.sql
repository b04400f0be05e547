-- A pause is a service that is disabled until a time (Unix ms). null: it is not paused.
ALTER TABLE services ADD COLUMN paused_until INTEGER;
-- Finds the pauses that are over.
CREATE INDEX services_by_pause ON services (paused_until) WHERE paused_until IS NOT NULL;

-- Whoever enables a service in whatever way ends its pause.
CREATE TRIGGER service_resumed AFTER UPDATE OF enabled ON services WHEN new.enabled = 1 AND new.paused_until IS NOT NULL
BEGIN
  UPDATE services SET paused_until = NULL WHERE id = new.id;
END;
