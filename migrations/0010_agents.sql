-- Services of containers that a person has deleted while the container ran. The agent goes on listing the container, so
-- the hub has to know that it must not come back before it is made anew.
CREATE TABLE deleted_containers (
  agent TEXT NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  container_id TEXT NOT NULL,
  deleted_at INTEGER NOT NULL, -- Unix ms
  PRIMARY KEY (agent, project, name)
) WITHOUT ROWID;

-- Whichever request deleted it. What has ended before is deleted by the hub itself, after a month.
CREATE TRIGGER container_deleted AFTER DELETE ON services
WHEN old.agent IS NOT NULL AND old.container_id IS NOT NULL AND old.gone_since IS NULL
BEGIN
  INSERT OR REPLACE INTO deleted_containers (agent, project, name, container_id, deleted_at)
  SELECT old.agent, projects.name, old.name, old.container_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
  FROM projects WHERE projects.id = old.project_id;
END;

-- A project takes its services with it, and its name is gone by then.
CREATE TRIGGER project_containers_deleted BEFORE DELETE ON projects
BEGIN
  INSERT OR REPLACE INTO deleted_containers (agent, project, name, container_id, deleted_at)
  SELECT agent, old.name, name, container_id, CAST(unixepoch('subsec') * 1000 AS INTEGER)
  FROM services WHERE project_id = old.id AND agent IS NOT NULL AND container_id IS NOT NULL AND gone_since IS NULL;
END;

-- The process that has the agent's name now, by the id of its state folder; null: it has said goodbye, or tells none.
ALTER TABLE agents ADD COLUMN instance TEXT;
-- The host of another process that was refused under this name, and when last (Unix ms); null: none ever was.
ALTER TABLE agents ADD COLUMN rival TEXT;
ALTER TABLE agents ADD COLUMN rival_at INTEGER;
