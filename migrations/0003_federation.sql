-- Federation: the revision of this hub's registry, the other hubs, and copies of their services.

-- One row. Triggers count the revision, so no change of a service can escape it.
CREATE TABLE registry (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL, -- a new one when the database was restored: copies made before are worthless then
  revision INTEGER NOT NULL, -- rises with each change that other hubs see
  floor INTEGER NOT NULL -- marks and tombstones up to this revision are gone; an older copy has to be made anew
);
INSERT INTO registry (id, epoch, revision, floor) VALUES (1, lower(hex(randomblob(8))), 0, 0);

-- A mark for each revision that another hub was brought up to. A restored database lacks the marks that were given after
-- its backup; so the hub notices that it went back in time.
CREATE TABLE registry_marks (
  revision INTEGER PRIMARY KEY,
  mark TEXT NOT NULL,
  at INTEGER NOT NULL
);

-- The revision of each service's last change; also of those that were deleted, for a while.
CREATE TABLE service_revisions (
  service_id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  deleted_at INTEGER -- null: the service exists
);
-- Finds what changed since a revision.
CREATE UNIQUE INDEX service_revisions_by_revision ON service_revisions (revision);
-- Finds tombstones that retention deletes.
CREATE INDEX service_revisions_by_deletion ON service_revisions (deleted_at) WHERE deleted_at IS NOT NULL;

INSERT INTO service_revisions (service_id, revision) SELECT id, row_number() OVER (ORDER BY id) FROM services;
UPDATE registry SET revision = (SELECT count(*) FROM service_revisions);

CREATE TRIGGER service_added AFTER INSERT ON services
BEGIN
  UPDATE registry SET revision = revision + 1;
  INSERT INTO service_revisions (service_id, revision) VALUES (new.id, (SELECT revision FROM registry));
END;

CREATE TRIGGER service_changed AFTER UPDATE OF
  project_id, name, service_type, health_method, health_url, version, port, tags, capabilities, metadata, depends_on,
  enabled, status, status_since, flip_seq ON services
BEGIN
  UPDATE registry SET revision = revision + 1;
  UPDATE service_revisions SET revision = (SELECT revision FROM registry) WHERE service_id = new.id;
END;

CREATE TRIGGER service_deleted AFTER DELETE ON services
BEGIN
  UPDATE registry SET revision = revision + 1;
  UPDATE service_revisions
  SET revision = (SELECT revision FROM registry), deleted_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
  WHERE service_id = old.id;
END;

-- A project that stops takes its services out of discovery, and its name is part of theirs.
CREATE TRIGGER project_changed AFTER UPDATE OF name, status ON projects
WHEN old.name IS NOT new.name OR old.status IS NOT new.status
BEGIN
  UPDATE services SET project_id = new.id WHERE project_id = new.id;
END;

-- The other hubs. What is known of a hub and what its own copy of the registry has come to change together.
CREATE TABLE hubs (
  hub_id TEXT PRIMARY KEY,
  url TEXT, -- null: only heard of on NATS
  name TEXT,
  region TEXT,
  version TEXT,
  source TEXT NOT NULL CHECK (source IN ('registered', 'introduced', 'nats')),
  trust TEXT NOT NULL CHECK (trust IN ('approved', 'pending', 'heard', 'removed')),
  keys TEXT NOT NULL DEFAULT '[]', -- public keys (Ed25519), the newest first
  known_kid TEXT, -- the newest key of ours that the hub has
  capabilities TEXT NOT NULL DEFAULT '[]',
  epoch TEXT, -- the epoch of the copy; null: there is no copy
  revision INTEGER NOT NULL DEFAULT 0, -- the copy has all changes up to this revision
  head INTEGER NOT NULL DEFAULT 0, -- the hub's revision at its last page; ahead while there are more pages
  mark TEXT, -- what the hub gave us with that page
  copy INTEGER NOT NULL DEFAULT 0, -- number of the copy that is being made or kept
  copying INTEGER NOT NULL DEFAULT 0, -- 1: older copies' services go when this copy is whole
  status TEXT NOT NULL DEFAULT 'unknown' CHECK (status IN ('unknown', 'up', 'degraded', 'down')),
  status_since INTEGER NOT NULL,
  monitor TEXT, -- the state machine of the hub as a thing that is watched
  error TEXT, -- what was wrong at the last attempt
  overall_status TEXT, -- the health of the hub's services
  service_count INTEGER NOT NULL DEFAULT 0,
  latency_ms REAL,
  last_heard_at INTEGER, -- the last valid answer
  next_sync_at INTEGER, -- not before
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

-- The list of hubs is part of what other hubs see.
CREATE TRIGGER hub_added AFTER INSERT ON hubs WHEN new.trust = 'approved'
BEGIN
  UPDATE registry SET revision = revision + 1;
END;
CREATE TRIGGER hub_changed AFTER UPDATE OF url, trust ON hubs
WHEN old.url IS NOT new.url OR old.trust IS NOT new.trust
BEGIN
  UPDATE registry SET revision = revision + 1;
END;

-- Copies of the services of other hubs. Only the owner changes them; here they can only be old.
CREATE TABLE remote_services (
  hub_id TEXT NOT NULL,
  service_id INTEGER NOT NULL, -- the owner's id
  copy INTEGER NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  service_type TEXT NOT NULL,
  version TEXT,
  address TEXT,
  port INTEGER,
  tags TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  metadata TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  latency_ms REAL,
  -- The status as the owner's registry has it, with the newest flip that it includes.
  pulled_status TEXT NOT NULL,
  pulled_since INTEGER NOT NULL,
  pulled_seq INTEGER NOT NULL,
  -- The status that the owner pushed. It counts while it is newer, until the registry should have it.
  pushed_status TEXT,
  pushed_since INTEGER,
  pushed_seq INTEGER NOT NULL DEFAULT 0,
  pushed_at INTEGER,
  status TEXT GENERATED ALWAYS AS (iif(pushed_seq > pulled_seq, pushed_status, pulled_status)) VIRTUAL,
  status_since INTEGER GENERATED ALWAYS AS (iif(pushed_seq > pulled_seq, pushed_since, pulled_since)) VIRTUAL,
  flip_seq INTEGER GENERATED ALWAYS AS (max(pushed_seq, pulled_seq)) VIRTUAL,
  PRIMARY KEY (hub_id, service_id)
) WITHOUT ROWID;
-- Finds what was pushed and should be in the owner's registry by now.
CREATE INDEX remote_services_by_push ON remote_services (hub_id, pushed_at) WHERE pushed_at IS NOT NULL;
-- Finds the instances of a service in all hubs.
CREATE INDEX remote_services_by_name ON remote_services (name, project);

-- How other hubs changed, as seen from this one.
CREATE TABLE hub_flips (
  hub_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  evidence TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (hub_id, seq)
) WITHOUT ROWID;
CREATE INDEX hub_flips_by_time ON hub_flips (at);
