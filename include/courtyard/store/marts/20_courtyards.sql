-- The courtyards.

CREATE VIEW mart.courtyard AS
WITH named AS (
    SELECT DISTINCT ON (code) code, name FROM warehouse.unit ORDER BY code, valid_from DESC
)
SELECT c.courtyard_code, c.street_code, c.name, c.standard_address, c.community_code, community.name AS community_name,
       c.grid_code, grid.name AS grid_name, c.micro_grid_code, micro.name AS micro_grid_name, c.lon, c.lat,
       nullif(c.valid_from, '0001-01-01') AS valid_from, nullif(c.valid_to, 'infinity') AS valid_to, c.successor_code
  FROM warehouse.courtyard c
  LEFT JOIN named community ON community.code = c.community_code
  LEFT JOIN named grid ON grid.code = c.grid_code
  LEFT JOIN named micro ON micro.code = c.micro_grid_code;
COMMENT ON VIEW mart.courtyard IS
    'Every courtyard with the names of its community, grid and micro-grid; lon and lat are WGS-84 degrees. One that was merged keeps its row. Those that exist on a day: mart.courtyard_as_of, mart.courtyard_on. No personal data.';
COMMENT ON COLUMN mart.courtyard.valid_from IS 'NULL: always.';
COMMENT ON COLUMN mart.courtyard.valid_to IS 'The first day on which it is part of successor_code; NULL while it exists.';

CREATE FUNCTION mart.courtyard_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.courtyard
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH unit AS (
        SELECT * FROM warehouse.unit WHERE valid_from <= mart.last_day(period) AND valid_to > mart.last_day(period)
    )
    SELECT c.courtyard_code, c.street_code, coalesce(h.former_name, c.name), c.standard_address, community.code,
           community.name, grid.code, grid.name, c.micro_grid_code, micro.name, c.lon, c.lat,
           nullif(c.valid_from, '0001-01-01'), nullif(c.valid_to, 'infinity'), c.successor_code
      FROM warehouse.courtyard c
      LEFT JOIN LATERAL (SELECT r.former_name
                           FROM warehouse.courtyard_change r
                          WHERE r.kind = 'renamed' AND r.from_code = c.courtyard_code AND r.on_day > mart.last_day(period)
                          ORDER BY r.on_day
                          LIMIT 1) h ON true
      LEFT JOIN unit micro ON micro.code = c.micro_grid_code
      LEFT JOIN unit grid ON grid.code = micro.parent_code AND grid.kind = 'grid'
      LEFT JOIN unit community ON community.code = grid.parent_code AND community.kind = 'community'
     WHERE c.valid_from <= mart.last_day(period) AND c.valid_to > mart.last_day(period);
END;
COMMENT ON FUNCTION mart.courtyard_as_of(text, timestamptz) IS
    'The courtyards that existed on the last day of a period, with the names and units of that day. The pack says from when to when they hold, not when that was learned: known_at changes nothing. No personal data.';
