-- The end of a watch is written where it is decided: with its event, the flip goes into the history and the status into
-- the row. The service's lane, when it hears of the end, says the same; it takes over what it finds when it never did.
CREATE VIEW told_ends AS
SELECT services.id, services.project_id, services.flip_seq + 1 AS seq, services.status, events.at,
  json_extract(events.body, '$.reason') AS reason
FROM services CROSS JOIN registry
JOIN events ON events.key = 'flip:' || epoch || ':' || services.id || ':' || (services.flip_seq + 1) || ':unknown'
WHERE services.status <> 'unknown';

CREATE TRIGGER end_of_stopped_service AFTER UPDATE OF enabled, gone_since ON services
WHEN new.status <> 'unknown' AND (new.enabled IS NOT 1 OR new.gone_since IS NOT NULL)
BEGIN
  INSERT INTO flips (service_id, seq, from_status, to_status, reason, at, began_at, evidence, project_id)
  SELECT id, seq, status, 'unknown', reason, at, at, '[]', project_id
  FROM told_ends WHERE id = new.id ON CONFLICT DO NOTHING;
  UPDATE services SET status = 'unknown', status_since = told.at, flip_seq = told.seq
  FROM (SELECT id, at, seq FROM told_ends WHERE id = new.id) AS told WHERE services.id = told.id;
END;

CREATE TRIGGER end_of_stopped_project AFTER UPDATE OF status ON projects
WHEN new.status <> 'running' AND old.status = 'running'
BEGIN
  INSERT INTO flips (service_id, seq, from_status, to_status, reason, at, began_at, evidence, project_id)
  SELECT id, seq, status, 'unknown', reason, at, at, '[]', project_id
  FROM told_ends WHERE project_id = new.id ON CONFLICT DO NOTHING;
  UPDATE services SET status = 'unknown', status_since = told.at, flip_seq = told.seq
  FROM (SELECT id, at, seq FROM told_ends WHERE project_id = new.id) AS told WHERE services.id = told.id;
END;
