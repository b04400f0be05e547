-- Every service has a lane, those that report to the hub too: theirs have numbers from 50,000 on and are not scheduled.
-- History that an older release kept in a lane of the service's own (-id) stays readable: that lane is one of its lanes.

UPDATE services SET lanes = json_insert(lanes, '$[#]', -id);

UPDATE services SET lane = reported.lane, lanes = reported.lanes
FROM (
  SELECT id, lane, json('[' || lane || ',' || substr(lanes, 2)) AS lanes
  FROM (
    SELECT id, lanes,
      health_interval * 100000 + 50000 + (row_number() OVER (PARTITION BY health_interval ORDER BY id) - 1) / 24 AS lane
    FROM services WHERE lane IS NULL
  )
) AS reported
WHERE services.id = reported.id;

DROP INDEX services_by_lane;

-- Counts the members of an interval's lanes when a newcomer is given one, without reading the rows.
CREATE INDEX services_by_lane ON services (lane);
