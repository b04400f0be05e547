-- Who changed what through the API. Kept for a year.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of time
  at INTEGER NOT NULL, -- Unix ms
  actor TEXT NOT NULL, -- the name of the key, or who else it was
  key_id INTEGER, -- null: the admin token, another hub, or nobody
  address TEXT NOT NULL, -- from which the request came
  action TEXT NOT NULL, -- such as service.updated
  targets TEXT NOT NULL DEFAULT '[]', -- names, at most 50
  count INTEGER NOT NULL, -- of the targets, or of what happened
  fields TEXT NOT NULL DEFAULT '[]' -- names of the fields that were changed
);
CREATE INDEX audit_by_action ON audit (action, id);
