-- Which services have a status, in the order of their ids; also counts them without reading the rows.
CREATE INDEX services_by_status ON services (status, id, project_id);

-- How many services each lane has, for the lane of a newcomer: counting them would read all services of its interval.
CREATE TABLE lane_members (
  lane INTEGER PRIMARY KEY NOT NULL,
  members INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO lane_members (lane, members) SELECT lane, count(*) FROM services WHERE lane IS NOT NULL GROUP BY lane;

CREATE TRIGGER lane_joined AFTER INSERT ON services WHEN new.lane IS NOT NULL
BEGIN
  INSERT INTO lane_members (lane, members) VALUES (new.lane, 1) ON CONFLICT (lane) DO UPDATE SET members = members + 1;
END;

CREATE TRIGGER lane_left AFTER DELETE ON services
BEGIN
  UPDATE lane_members SET members = members - 1 WHERE lane = old.lane;
  DELETE FROM lane_members WHERE lane = old.lane AND members <= 0;
END;

CREATE TRIGGER lane_changed AFTER UPDATE OF lane ON services WHEN new.lane IS NOT old.lane
BEGIN
  UPDATE lane_members SET members = members - 1 WHERE lane = old.lane;
  DELETE FROM lane_members WHERE lane = old.lane AND members <= 0;
  INSERT INTO lane_members (lane, members) SELECT new.lane, 1 WHERE new.lane IS NOT NULL
  ON CONFLICT (lane) DO UPDATE SET members = members + 1;
END;
