-- People who are signed in. The cookie has a random token, of which only the hash is here.
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  key_id INTEGER REFERENCES api_keys (id) ON DELETE CASCADE, -- null: signed in with the admin token
  admin TEXT, -- a hash of that token, so that another token ends the session; null: signed in with a key
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_key ON sessions (key_id, created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
