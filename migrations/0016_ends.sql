-- The end of a watch is written where it is decided: with its event, the flip goes into the history and the status into
-- the row. The service's lane, when it hears of the end, says the same; it takes over what it finds when it never did.
CREATE TRIGGER end_of_stopped_service AFTER UPDATE OF enabled, gone_since ON services
WHEN new.status <> 'unknown' AND (new.enabled IS NOT 1 OR new.gone_since IS NOT NULL)
BEGIN
  INSERT INTO flips (service_id, seq, from_status, to_status, reason, at, began_at, evidence, project_id)
  SELECT new.id, new.flip_seq + 1, new.status, 'unknown', json_extract(events.body, '$.reason'), events.at, events.at, '[]',
    new.project_id
  FROM registry JOIN events ON events.key = 'flip:' || epoch || ':' || new.id || ':' || (new.flip_seq + 1) || ':unknown'
  WHERE TRUE ON CONFLICT DO NOTHING;
  UPDATE services SET status = 'unknown', status_since = events.at, flip_seq = new.flip_seq + 1
  FROM registry JOIN events ON events.key = 'flip:' || epoch || ':' || new.id || ':' || (new.flip_seq + 1) || ':unknown'
  WHERE services.id = new.id;
END;

CREATE TRIGGER end_of_stopped_project AFTER UPDATE OF status ON projects
WHEN new.status <> 'running' AND old.status = 'running'
BEGIN
  INSERT INTO flips (service_id, seq, from_status, to_status, reason, at, began_at, evidence, project_id)
  SELECT ended.id, ended.flip_seq + 1, ended.status, 'unknown', json_extract(events.body, '$.reason'), events.at, events.at,
    '[]', ended.project_id
  FROM services AS ended CROSS JOIN registry
  JOIN events ON events.key = 'flip:' || epoch || ':' || ended.id || ':' || (ended.flip_seq + 1) || ':unknown'
  WHERE ended.project_id = new.id AND ended.status <> 'unknown' ON CONFLICT DO NOTHING;
  UPDATE services SET status = 'unknown', status_since = told.at, flip_seq = services.flip_seq + 1
  FROM (
    SELECT ended.id, events.at FROM services AS ended CROSS JOIN registry
    JOIN events ON events.key = 'flip:' || epoch || ':' || ended.id || ':' || (ended.flip_seq + 1) || ':unknown'
    WHERE ended.project_id = new.id AND ended.status <> 'unknown') AS told
  WHERE services.id = told.id;
END;
