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
COMMENT ON VIEW mart.courtyard IS 'Every courtyard with the names of its community, grid and micro-grid; lon and lat are WGS-84 degrees.';
