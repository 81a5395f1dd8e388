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
COMMENT ON VIEW mart.courtyard IS 'Every courtyard with the names of its community, grid and micro-grid; lon and lat are WGS-84 degrees. One that was merged keeps its row: valid_to is the first day on which it is part of successor_code; NULL is always, or still. Those that exist on a day: mart.courtyard_on.';

CREATE VIEW mart.courtyard_archive AS
SELECT a.street_code, a.courtyard_code, c.name AS courtyard_name, c.community_code, c.community_name, c.grid_code,
       c.grid_name, a.period, a.recorded_at, a.population, a.key_groups, a.response
  FROM warehouse.courtyard_archive a
  JOIN mart.courtyard c USING (street_code, courtyard_code)
 WHERE a.superseded_at = 'infinity';
COMMENT ON VIEW mart.courtyard_archive IS
    'The archive of each courtyard and quarter as it is believed now. Counts of a courtyard are small: not for courtyard_reader.';
