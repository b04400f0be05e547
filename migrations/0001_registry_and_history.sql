-- The registry (projects, services), the past (rounds, flips, rollups), keys and small facts.
-- Times are Unix milliseconds. Tables of the past are WITHOUT ROWID: one row written for each insert.

CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
  name TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'stopped')),
  metadata TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE services (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  service_type TEXT NOT NULL,
  health_method TEXT NOT NULL,
  health_url TEXT NOT NULL,
  health_interval INTEGER NOT NULL, -- seconds
  health_timeout REAL NOT NULL, -- seconds
  health_retries INTEGER NOT NULL,
  health_options TEXT NOT NULL DEFAULT '{}',
  lane INTEGER, -- null: reported to the hub, not probed by it
  lanes TEXT NOT NULL DEFAULT '[]', -- the newest lanes it was in, where its history lies
  rev INTEGER NOT NULL DEFAULT 1,
  status TEXT NOT NULL DEFAULT 'unknown' CHECK (status IN ('unknown', 'up', 'degraded', 'down')),
  status_since INTEGER NOT NULL,
  flip_seq INTEGER NOT NULL DEFAULT 0, -- the newest flip that this row includes
  version TEXT,
  port INTEGER,
  container_id TEXT,
  agent TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  capabilities TEXT NOT NULL DEFAULT '[]',
  metadata TEXT NOT NULL DEFAULT '{}',
  depends_on TEXT NOT NULL DEFAULT '[]',
  enabled INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

-- A name is unique in its project; also finds the services of a project.
CREATE UNIQUE INDEX services_by_name ON services (project_id, name);

-- Counts the members of an interval's lanes when a newcomer is given one, without reading the rows.
CREATE INDEX services_by_lane ON services (lane) WHERE lane IS NOT NULL;

CREATE TABLE rounds (
  lane INTEGER NOT NULL, -- negative: the private lane of service -lane
  due_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  vantage TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  results TEXT NOT NULL, -- [[service_id, verdict, status, latency_ms, error, extra, vantage when not the row's], …]
  PRIMARY KEY (lane, due_at, attempt)
) WITHOUT ROWID;

CREATE TABLE flips (
  service_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  evidence TEXT NOT NULL DEFAULT '[]',
  project_id INTEGER NOT NULL,
  PRIMARY KEY (service_id, seq)
) WITHOUT ROWID;

-- The hub's transitions newest first, and what retention deletes; ends in the primary key, so it orders ties too.
CREATE INDEX flips_by_time ON flips (at);

CREATE TABLE rollups (
  service_id INTEGER NOT NULL,
  hour INTEGER NOT NULL, -- its start
  checks INTEGER NOT NULL, -- that gave an answer, good or bad
  failures INTEGER NOT NULL,
  max REAL, -- ms, of the checks that passed; null when none did
  histogram TEXT NOT NULL DEFAULT '[]', -- latencies of the checks that passed
  PRIMARY KEY (service_id, hour)
) WITHOUT ROWID;

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin', 'agent')),
  agent TEXT, -- the agent that a key of scope agent belongs to
  hash TEXT NOT NULL UNIQUE, -- never the key itself
  created_at INTEGER NOT NULL
);

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each check: SELECT * FROM health_checks WHERE lane = … AND service_id = … (lane bounds the rounds read).
CREATE VIEW health_checks AS
SELECT
  result.value ->> 0 AS service_id,
  rounds.started_at AS at,
  rounds.lane AS lane,
  rounds.due_at AS due_at,
  rounds.attempt AS attempt,
  coalesce(result.value ->> 6, rounds.vantage) AS vantage,
  (result.value ->> 1) IN (1, 2) AS ok,
  CASE result.value ->> 1 WHEN 0 THEN 'fail' WHEN 1 THEN 'ok' WHEN 2 THEN 'warn' WHEN 3 THEN 'unprobeable' ELSE 'inconclusive' END AS verdict,
  CASE result.value ->> 2 WHEN 0 THEN 'unknown' WHEN 1 THEN 'up' WHEN 2 THEN 'degraded' ELSE 'down' END AS status,
  result.value ->> 3 AS latency_ms,
  result.value ->> 4 AS error
FROM rounds, json_each(rounds.results) AS result;
