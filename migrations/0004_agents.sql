-- Agents: programs beside the services that check what the hub can't reach.

CREATE TABLE agents (
  name TEXT PRIMARY KEY,
  version TEXT, -- of the program; null: it has never been heard of
  host TEXT, -- the name of its machine
  last_seen_at INTEGER, -- written at most each half minute
  problem TEXT, -- what the agent says that a person should look at
  waiting INTEGER NOT NULL DEFAULT 0, -- observations in its spool when it was last seen
  dropped INTEGER NOT NULL DEFAULT 0, -- observations that its spool ever had no room for
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Rises with each change of what the agent has to check; the agent asks whether it did. A service may name an agent
-- before the agent is set up.
CREATE TABLE agent_revisions (
  agent TEXT PRIMARY KEY,
  revision INTEGER NOT NULL
) WITHOUT ROWID;

-- Finds the services of an agent.
CREATE INDEX services_by_agent ON services (agent) WHERE agent IS NOT NULL;

INSERT INTO agent_revisions (agent, revision) SELECT DISTINCT agent, 1 FROM services WHERE agent IS NOT NULL;

CREATE TRIGGER agent_service_added AFTER INSERT ON services WHEN new.agent IS NOT NULL
BEGIN
  INSERT INTO agent_revisions (agent, revision) VALUES (new.agent, 1)
  ON CONFLICT (agent) DO UPDATE SET revision = revision + 1;
END;

-- `project_id`: the trigger project_changed sets it anew when the project was renamed, started or stopped.
CREATE TRIGGER agent_service_changed AFTER UPDATE OF agent, rev, enabled, project_id ON services
WHEN new.agent IS NOT NULL OR old.agent IS NOT NULL
BEGIN
  INSERT INTO agent_revisions (agent, revision) SELECT new.agent, 1 WHERE new.agent IS NOT NULL
  ON CONFLICT (agent) DO UPDATE SET revision = revision + 1;
  UPDATE agent_revisions SET revision = revision + 1 WHERE agent = old.agent AND old.agent IS NOT new.agent;
END;

CREATE TRIGGER agent_service_deleted AFTER DELETE ON services WHEN old.agent IS NOT NULL
BEGIN
  UPDATE agent_revisions SET revision = revision + 1 WHERE agent = old.agent;
END;
