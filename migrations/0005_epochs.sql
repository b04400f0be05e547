-- An epoch is one life of the database. Monitors, the live board and messages on NATS carry it, so that what they know of
-- an earlier life is told from what is new. Epochs sort by their text: the time at which they began (Unix ms, twelve
-- hexadecimal digits), then random digits.
UPDATE registry SET epoch = printf('%012x', CAST(unixepoch('subsec') * 1000 AS INTEGER)) || lower(hex(randomblob(4)));
DELETE FROM registry_marks;

-- Where a deleted service was, so that what is left of it there can be removed. null: it exists, or was deleted earlier.
ALTER TABLE service_revisions ADD COLUMN lane INTEGER;
ALTER TABLE service_revisions ADD COLUMN rev INTEGER;

DROP TRIGGER service_deleted;
CREATE TRIGGER service_deleted AFTER DELETE ON services
BEGIN
  UPDATE registry SET revision = revision + 1;
  UPDATE service_revisions
  SET revision = (SELECT revision FROM registry), deleted_at = CAST(unixepoch('subsec') * 1000 AS INTEGER),
    lane = old.lane, rev = old.rev
  WHERE service_id = old.id;
END;

-- The revision of a check is among what is followed: it rises with changes that no other column of this list has.
DROP TRIGGER service_changed;
CREATE TRIGGER service_changed AFTER UPDATE OF
  project_id, name, service_type, health_method, health_url, version, port, tags, capabilities, metadata, depends_on,
  enabled, status, status_since, flip_seq, rev ON services
BEGIN
  UPDATE registry SET revision = revision + 1;
  UPDATE service_revisions SET revision = (SELECT revision FROM registry) WHERE service_id = new.id;
END;
