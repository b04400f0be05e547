-- Why the container of a service ended, as its agent said.
ALTER TABLE services ADD COLUMN gone_reason TEXT;

-- The log of what happened: what others must hear of. Each row is written by the transaction of the change that it tells
-- of, so that neither is without the other. `key` names the event: one that is told again is the same row.
CREATE TABLE events (
  id INTEGER PRIMARY KEY, -- later events have higher ids: the newest one is never deleted
  at INTEGER NOT NULL, -- when it was written, Unix ms
  kind TEXT NOT NULL, -- see core/events.ts
  key TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL -- JSON
);

-- The services that the hub watches, as the log tells of them. The casts take whatever a damaged row holds.
CREATE VIEW watched_services AS
SELECT services.id, services.project_id, CAST(services.rev AS INTEGER) AS rev, services.status,
  CAST(services.flip_seq AS INTEGER) AS flip_seq,
  registry.epoch || ':' || services.id AS place,
  CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
  json_object(
    'epoch', registry.epoch, 'service_id', services.id, 'project_id', services.project_id, 'project', projects.name,
    'name', CAST(services.name AS TEXT), 'service_type', CAST(services.service_type AS TEXT),
    'version', CAST(services.version AS TEXT)) AS who,
  json_object(
    'rev', CAST(services.rev AS INTEGER), 'health_method', CAST(services.health_method AS TEXT),
    'health_url', CAST(services.health_url AS TEXT),
    'health_interval', CAST(services.health_interval AS INTEGER)) AS how
FROM services JOIN projects ON projects.id = services.project_id CROSS JOIN registry
WHERE services.enabled = 1 AND services.gone_since IS NULL AND projects.status = 'running';

CREATE VIEW beginnings AS
SELECT id, project_id, now AS at, 'registered' AS kind, 'registered:' || place || ':' || rev AS key,
  json_patch(who, how) AS body
FROM watched_services;

CREATE VIEW ends AS
SELECT id, project_id, now AS at, 'deregistered' AS kind, 'deregistered:' || place || ':' || rev AS key,
  json_patch(who, how) AS body
FROM watched_services;

-- When the watch ends, the status becomes unknown. The service's lane says so as well when it hears of it: that is the
-- same event.
CREATE VIEW last_flips AS
SELECT id, project_id, now AS at, 'flip' AS kind, 'flip:' || place || ':' || (flip_seq + 1) || ':unknown' AS key,
  json_patch(who, json_object(
    'seq', flip_seq + 1, 'from', status, 'to', 'unknown', 'reason', 'deregistered',
    'at', strftime('%Y-%m-%dT%H:%M:%fZ', now / 1000.0, 'unixepoch'),
    'began_at', strftime('%Y-%m-%dT%H:%M:%fZ', now / 1000.0, 'unixepoch'), 'evidence', json_array())) AS body
FROM watched_services WHERE status <> 'unknown';

CREATE TRIGGER event_of_new_service AFTER INSERT ON services
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM beginnings WHERE id = new.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_deleted_service BEFORE DELETE ON services
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM last_flips WHERE id = old.id ON CONFLICT (key) DO NOTHING;
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM ends WHERE id = old.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_stopped_service BEFORE UPDATE OF enabled, gone_since ON services
WHEN new.enabled IS NOT 1 OR new.gone_since IS NOT NULL
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, json_set(body, '$.reason', CASE
    WHEN new.enabled IS 1 THEN coalesce(CAST(new.gone_reason AS TEXT), 'the container has ended')
    WHEN new.paused_until IS NULL THEN 'disabled'
    ELSE 'paused until ' || strftime('%Y-%m-%dT%H:%MZ', new.paused_until / 1000, 'unixepoch') END)
  FROM last_flips WHERE id = old.id ON CONFLICT (key) DO NOTHING;
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM ends WHERE id = old.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_started_service AFTER UPDATE OF enabled, gone_since ON services
WHEN old.enabled IS NOT 1 OR old.gone_since IS NOT NULL
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM beginnings WHERE id = new.id ON CONFLICT (key) DO NOTHING;
END;

-- Who reads of a service knows it by its name, so another name is another registration.
CREATE TRIGGER event_before_new_name BEFORE UPDATE OF name ON services
WHEN new.name IS NOT old.name AND new.enabled IS 1 AND new.gone_since IS NULL
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM ends WHERE id = old.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_after_new_name AFTER UPDATE OF name ON services
WHEN new.name IS NOT old.name AND old.enabled IS 1 AND old.gone_since IS NULL
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM beginnings WHERE id = new.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_deleted_project BEFORE DELETE ON projects
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM last_flips WHERE project_id = old.id ON CONFLICT (key) DO NOTHING;
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM ends WHERE project_id = old.id ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_before_project_change BEFORE UPDATE OF name, status ON projects
WHEN new.name IS NOT old.name OR new.status IS NOT old.status
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM last_flips WHERE project_id = old.id AND new.status <> 'running'
  ON CONFLICT (key) DO NOTHING;
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM ends WHERE project_id = old.id ON CONFLICT (key) DO NOTHING;
END;

-- The checks of its services have a new revision, because a check contains the name.
CREATE TRIGGER event_after_project_change AFTER UPDATE OF name, status ON projects
WHEN new.name IS NOT old.name OR new.status IS NOT old.status
BEGIN
  UPDATE services SET rev = rev + 1 WHERE project_id = new.id;
  INSERT INTO events (at, kind, key, body)
  SELECT at, kind, key, body FROM beginnings WHERE project_id = new.id ON CONFLICT (key) DO NOTHING;
  INSERT INTO events (at, kind, key, body)
  SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), 'project',
    'project:' || epoch || ':' || new.id || ':' || revision,
    json_object('id', new.id, 'name', new.name, 'status', new.status)
  FROM registry WHERE new.status IS NOT old.status ON CONFLICT (key) DO NOTHING;
END;

-- How other hubs and their services changed, as this hub heard of it.
CREATE TRIGGER event_of_hub_flip AFTER INSERT ON hub_flips
BEGIN
  INSERT INTO events (at, kind, key, body)
  VALUES (
    CAST(unixepoch('subsec') * 1000 AS INTEGER), 'hub', 'hub:' || new.hub_id || ':' || new.seq || ':' || new.at,
    json_object(
      'hub_id', new.hub_id, 'seq', new.seq, 'from', new.from_status, 'to', new.to_status, 'reason', new.reason,
      'at', strftime('%Y-%m-%dT%H:%M:%fZ', new.at / 1000.0, 'unixepoch'),
      'began_at', strftime('%Y-%m-%dT%H:%M:%fZ', new.began_at / 1000.0, 'unixepoch')))
  ON CONFLICT (key) DO NOTHING;
END;

-- A push that the owner never confirms is forgotten, and then the status is that of an earlier flip again.
CREATE TRIGGER event_of_remote_flip AFTER UPDATE ON remote_services WHEN new.status IS NOT old.status
BEGIN
  INSERT INTO events (at, kind, key, body)
  VALUES (
    CAST(unixepoch('subsec') * 1000 AS INTEGER), 'remote_flip',
    'remote_flip:' || new.hub_id || ':' || new.service_id || ':' || new.flip_seq || ':' || new.status || ':' ||
      new.status_since || ':' || (SELECT coalesce(max(id), 0) FROM events),
    json_object(
      'hub_id', new.hub_id, 'service_id', new.service_id, 'project', new.project, 'name', new.name,
      'seq', new.flip_seq, 'from', old.status, 'to', new.status,
      'at', strftime('%Y-%m-%dT%H:%M:%fZ', new.status_since / 1000.0, 'unixepoch')))
  ON CONFLICT (key) DO NOTHING;
END;
