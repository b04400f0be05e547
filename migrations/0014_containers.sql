-- All containers of a service's place as its agent listed them last, JSON; []: the agent does not tell. A service that is
-- deleted must not come back through another container that existed then.
ALTER TABLE services ADD COLUMN containers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE deleted_containers ADD COLUMN containers TEXT NOT NULL DEFAULT '[]';

DROP TRIGGER container_deleted;
CREATE TRIGGER container_deleted AFTER DELETE ON services
WHEN old.agent IS NOT NULL AND old.container_id IS NOT NULL AND old.gone_since IS NULL
BEGIN
  INSERT OR REPLACE INTO deleted_containers (agent, project, name, container_id, deleted_at, containers)
  SELECT old.agent, projects.name, old.name, old.container_id, CAST(unixepoch('subsec') * 1000 AS INTEGER), old.containers
  FROM projects WHERE projects.id = old.project_id;
END;

DROP TRIGGER project_containers_deleted;
CREATE TRIGGER project_containers_deleted BEFORE DELETE ON projects
BEGIN
  INSERT OR REPLACE INTO deleted_containers (agent, project, name, container_id, deleted_at, containers)
  SELECT agent, old.name, name, container_id, CAST(unixepoch('subsec') * 1000 AS INTEGER), containers
  FROM services WHERE project_id = old.id AND agent IS NOT NULL AND container_id IS NOT NULL AND gone_since IS NULL;
END;

-- Who stopped a project: the hub with its last container, or a person; null: it runs. The hub undoes only its own stop.
ALTER TABLE projects ADD COLUMN stopped_by TEXT CHECK (stopped_by IN ('hub', 'person'));
-- The hub stopped those in which all had ended by then. What was registered later says nothing of it.
UPDATE projects SET stopped_by = CASE
  WHEN EXISTS (
    SELECT 1 FROM services
    WHERE project_id = projects.id AND agent IS NOT NULL AND container_id IS NOT NULL AND gone_since <= projects.updated_at
  ) AND NOT EXISTS (
    SELECT 1 FROM services
    WHERE project_id = projects.id AND (gone_since > projects.updated_at OR (gone_since IS NULL
      AND (created_at <= projects.updated_at OR (agent IS NOT NULL AND container_id IS NOT NULL))))
  ) THEN 'hub' ELSE 'person' END
WHERE status = 'stopped';
