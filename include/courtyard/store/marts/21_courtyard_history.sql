-- Courtyards over time.

CREATE VIEW mart.courtyard_change AS
SELECT h.street_code, h.on_day, h.kind, h.from_code, h.to_code, f.name AS from_name, t.name AS to_name, h.former_name,
       h.buildings
  FROM warehouse.courtyard_change h
  JOIN warehouse.courtyard f ON f.courtyard_code = h.from_code
  JOIN warehouse.courtyard t ON t.courtyard_code = h.to_code;
COMMENT ON VIEW mart.courtyard_change IS
    'Every courtyard that was renamed, merged into another or split: on_day is the first day of the new state; buildings are those that went over, old=new where they got another number. No personal data.';

CREATE FUNCTION mart.courtyard_code_on(code text, building text, on_day date) RETURNS text
LANGUAGE sql STABLE
RETURN coalesce((SELECT h.heir_code
                   FROM warehouse.courtyard_heir h
                  WHERE h.courtyard_code = $1 AND h.building IN ('', coalesce($2, ''))
                    AND h.valid_from <= $3 AND h.valid_to > $3
                  ORDER BY h.building DESC
                  LIMIT 1), $1);
COMMENT ON FUNCTION mart.courtyard_code_on(text, text, date) IS
    'The courtyard to which a place belongs on a day, of a place that an earlier delivery put into a courtyard that was merged or split since; building may be NULL. No personal data.';

CREATE FUNCTION mart.courtyard_on(on_day date)
RETURNS TABLE (street_code text, courtyard_code text, name text, community_code text, grid_code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.street_code, c.courtyard_code, coalesce(h.former_name, c.name), c.community_code, c.grid_code
      FROM warehouse.courtyard c
      LEFT JOIN LATERAL (SELECT r.former_name
                           FROM warehouse.courtyard_change r
                          WHERE r.kind = 'renamed' AND r.from_code = c.courtyard_code AND r.on_day > $1
                          ORDER BY r.on_day
                          LIMIT 1) h ON true
     WHERE c.valid_from <= $1 AND c.valid_to > $1;
END;
COMMENT ON FUNCTION mart.courtyard_on(date) IS 'The courtyards that exist on a day, under the names that they bear on it. No personal data.';
