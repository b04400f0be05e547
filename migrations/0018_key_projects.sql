-- A key may be limited to projects, and one of the scope `register` always is. The ids of projects are never used again,
-- so a key whose project is deleted opens nothing.
ALTER TABLE api_keys ADD COLUMN projects TEXT; -- JSON list of ids; null: the whole hub
ALTER TABLE api_keys ADD COLUMN known_scope TEXT NOT NULL DEFAULT 'read'
  CHECK (known_scope IN ('read', 'register', 'write', 'admin', 'agent'));
UPDATE api_keys SET known_scope = scope;
ALTER TABLE api_keys DROP COLUMN scope;
ALTER TABLE api_keys RENAME COLUMN known_scope TO scope;
