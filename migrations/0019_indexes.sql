-- The flips of a project, those of services of a name, and what a key has changed, are found without reading all of them.
CREATE INDEX services_by_plain_name ON services (name);
CREATE INDEX flips_by_project ON flips (project_id, at);
CREATE INDEX audit_by_key ON audit (key_id, id) WHERE key_id IS NOT NULL;
-- Whether another hub has a service that is down: a pushed flip asks that of a copy of 20,000 services.
CREATE INDEX remote_services_by_status ON remote_services (hub_id, status);
