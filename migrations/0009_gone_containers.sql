-- When the container of a service ended (Unix ms); null: it runs, or the service is not in a container. Whether somebody
-- switched the service off is another fact, `enabled`: what the engine does never changes it.
ALTER TABLE services ADD COLUMN gone_since INTEGER;
-- Before, a container that had ended was a disabled service. A paused one was disabled by a person.
UPDATE services SET gone_since = updated_at, enabled = 1
WHERE enabled = 0 AND paused_until IS NULL AND agent IS NOT NULL AND container_id IS NOT NULL;
-- Finds those that ended long ago.
CREATE INDEX services_by_end ON services (gone_since) WHERE gone_since IS NOT NULL;
