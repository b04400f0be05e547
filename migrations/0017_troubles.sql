-- What is wrong with the hub itself: the checks of its own health that did not pass when it last looked.
CREATE TABLE troubles (
  name TEXT PRIMARY KEY, -- of the check in `GET /health`
  status TEXT NOT NULL, -- warn or fail
  since INTEGER NOT NULL, -- Unix ms
  output TEXT -- why, in plain words, as it was said first
) WITHOUT ROWID;

CREATE TRIGGER event_of_new_trouble AFTER INSERT ON troubles
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT new.since, 'trouble', 'trouble:' || epoch || ':' || new.name || ':' || new.since || ':' || new.status,
    json_object('name', new.name, 'from', 'pass', 'to', new.status, 'output', new.output,
      'at', strftime('%Y-%m-%dT%H:%M:%fZ', new.since / 1000.0, 'unixepoch'))
  FROM registry WHERE TRUE ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_other_trouble AFTER UPDATE OF status ON troubles WHEN new.status IS NOT old.status
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT new.since, 'trouble', 'trouble:' || epoch || ':' || new.name || ':' || new.since || ':' || new.status,
    json_object('name', new.name, 'from', old.status, 'to', new.status, 'output', new.output,
      'at', strftime('%Y-%m-%dT%H:%M:%fZ', new.since / 1000.0, 'unixepoch'))
  FROM registry WHERE TRUE ON CONFLICT (key) DO NOTHING;
END;

CREATE TRIGGER event_of_ended_trouble AFTER DELETE ON troubles
BEGIN
  INSERT INTO events (at, kind, key, body)
  SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), 'trouble',
    'trouble:' || epoch || ':' || old.name || ':' || old.since || ':pass',
    json_object('name', old.name, 'from', old.status, 'to', 'pass', 'output', NULL,
      'at', strftime('%Y-%m-%dT%H:%M:%fZ', unixepoch('subsec'), 'unixepoch'))
  FROM registry WHERE TRUE ON CONFLICT (key) DO NOTHING;
END;
