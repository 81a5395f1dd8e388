-- The courtyards.

CREATE VIEW mart.courtyard AS
WITH named AS (
    SELECT DISTINCT ON (code) code, name FROM warehouse.unit ORDER BY code, valid_from DESC
)
SELECT c.courtyard_code, c.street_code, c.name, c.standard_address, c.community_code, community.name AS community_name,
       c.grid_code, grid.name AS grid_name, c.micro_grid_code, micro.name AS micro_grid_name, c.lon, c.lat
  FROM warehouse.courtyard c
  LEFT JOIN named community ON community.code = c.community_code
  LEFT JOIN named grid ON grid.code = c.grid_code
  LEFT JOIN named micro ON micro.code = c.micro_grid_code;
COMMENT ON VIEW mart.courtyard IS
    'Every courtyard with the names of its community, grid and micro-grid; lon and lat are WGS-84 degrees. No personal data.';

CREATE FUNCTION mart.courtyard_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.courtyard
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH unit AS (
        SELECT * FROM warehouse.unit WHERE valid_from <= mart.last_day(period) AND valid_to > mart.last_day(period)
    )
    SELECT c.courtyard_code, c.street_code, c.name, c.standard_address, community.code, community.name, grid.code,
           grid.name, c.micro_grid_code, micro.name, c.lon, c.lat
      FROM warehouse.courtyard c
      LEFT JOIN unit micro ON micro.code = c.micro_grid_code
      LEFT JOIN unit grid ON grid.code = micro.parent_code AND grid.kind = 'grid'
      LEFT JOIN unit community ON community.code = grid.parent_code AND community.kind = 'community';
END;
COMMENT ON FUNCTION mart.courtyard_as_of(text, timestamptz) IS
    'mart.courtyard with the units, and their names, that were valid on the last day of a period. The register of units says from when to when it holds, not when that was learned: known_at changes nothing. No personal data.';
