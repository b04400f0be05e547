-- Where a hub registered from that waits for an admin. Its keys count once they were used: "used" in each of `keys`; what
-- an older release has stored counts.
ALTER TABLE hubs ADD COLUMN registered_from TEXT;
