-- The beginning of a key, by which a person recognises it, and when it was last used (to the hour).
ALTER TABLE api_keys ADD COLUMN prefix TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
