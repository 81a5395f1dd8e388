-- The stable views of schema mart, made anew at every migration; see docs/architecture.md.
-- Owned by courtyard_owner: a role sees through a view without rights on the tables below it.
-- courtyard_reader is granted only what names no person and counts nothing below a community.

DROP VIEW IF EXISTS mart.ledger, mart.submission_status, mart.courtyard, mart.courtyard_archive,
    mart.key_group_member, mart.person_current, mart.discrepancy CASCADE;
DROP FUNCTION IF EXISTS mart.key_group_count_on(date), mart.age_on(text, date),
    mart.person_birth_date(text, timestamptz) CASCADE;

-- --- what arrived, and where every row of it went --------------------------------------------

CREATE VIEW mart.ledger AS
SELECT b.batch_id, b.delivery_id, b.street_code, d.source, b.dataset, b.period, b.unit_code, d.sha256, d.received_at,
       b.status, b.is_nil, b.landed, b.merged, b.unchanged, b.quarantined, b.superseded, b.held, b.structural,
       b.landed - b.merged - b.quarantined - b.superseded - b.held AS residual, b.reason
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id);
COMMENT ON VIEW mart.ledger IS
    'One line a batch. residual = landed - merged - quarantined - superseded - held: rows still on their way, 0 once the batch is final. unchanged is part of merged; structural rows (titles, totals, notes) are no part of landed.';

CREATE VIEW mart.submission_status AS
WITH batch AS (
    SELECT b.street_code, d.source, b.dataset, b.period, b.unit_code, b.status, b.is_nil, b.reason, b.delivery_id,
           d.version_at, d.seq, d.received_at, d.period <> b.period AS is_late
      FROM quality.batch b
      JOIN landing.delivery d USING (delivery_id)
     WHERE b.unit_code IS NOT NULL
), asked AS (
    SELECT DISTINCT street_code, source, dataset FROM batch
), cycle AS (
    SELECT DISTINCT a.street_code, a.source, a.dataset, p.period,
           make_date(left(p.period, 4)::int, 3 * right(p.period, 1)::int - 2, 1) + interval '3 months' AS ends_on
      FROM asked a
      JOIN (SELECT street_code, source, period FROM batch
            UNION SELECT street_code, source, period FROM landing.fetch) p USING (street_code, source)
     WHERE p.period ~ '^\d{4}Q[1-4]$'
), latest AS (
    SELECT DISTINCT ON (street_code, dataset, period, unit_code) *
      FROM batch
     WHERE status <> 'superseded'
     ORDER BY street_code, dataset, period, unit_code, (status = 'merged') DESC, version_at DESC, seq DESC
)
SELECT c.street_code, c.source, c.dataset, c.period, u.code AS unit_code, u.name AS unit_name,
       u.parent_code AS community_code,
       CASE WHEN l.status IS NULL THEN 'missing'
            WHEN l.status = 'merged' AND l.is_nil THEN 'confirmed_nil'
            WHEN l.status = 'merged' THEN 'reported'
            WHEN l.status IN ('rejected', 'held') THEN l.status
            ELSE 'received' END AS status,
       coalesce(l.is_late, false) AS is_late, l.received_at, l.delivery_id, coalesce(l.reason, '') AS reason
  FROM cycle c
  JOIN warehouse.unit u
    ON u.street_code = c.street_code AND u.kind = 'grid' AND u.valid_from < c.ends_on AND u.valid_to >= c.ends_on
  LEFT JOIN latest l
    ON l.street_code = c.street_code AND l.dataset = c.dataset AND l.period = c.period AND l.unit_code = u.code;
COMMENT ON VIEW mart.submission_status IS
    'Grid x dataset x quarter: reported, confirmed_nil (nothing to report, said so), missing, rejected, held, or received (not merged yet). is_late: it came with a later quarter''s submissions.';

-- --- the courtyards --------------------------------------------------------------------------

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

CREATE VIEW mart.courtyard_archive AS
SELECT a.street_code, a.courtyard_code, c.name AS courtyard_name, c.community_code, c.community_name, c.grid_code,
       c.grid_name, a.period, a.recorded_at, a.population, a.key_groups, a.response
  FROM warehouse.courtyard_archive a
  JOIN mart.courtyard c USING (street_code, courtyard_code)
 WHERE a.superseded_at = 'infinity';
COMMENT ON VIEW mart.courtyard_archive IS
    'The archive of each courtyard and quarter as it is believed now. Counts of a courtyard are small: not for courtyard_reader.';

-- --- people ----------------------------------------------------------------------------------

CREATE VIEW mart.key_group_member AS
WITH said AS (
    -- One person may stand under several record keys (with and without an ID number): what was said last holds.
    SELECT r.*, lead(r.valid_from) OVER (PARTITION BY r.street_code, r.dataset, coalesce(r.person_id, r.record_key)
                                         ORDER BY r.valid_from, r.is_active, r.recorded_at, r.record_key) AS said_again
      FROM warehouse.record r
     WHERE r.is_current AND r.dataset IN (SELECT dataset FROM warehouse.key_group)
)
SELECT g.group_code AS "group", g.title, r.street_code, r.person_id, r.courtyard_code, c.community_code, r.dataset,
       r.record_key, r.valid_from, least(r.valid_to, r.said_again) AS valid_to, r.recorded_at
  FROM warehouse.key_group g
  JOIN said r
    ON r.dataset = g.dataset AND r.is_active AND least(r.valid_to, r.said_again) > r.valid_from
   AND NOT EXISTS (SELECT FROM jsonb_each(g.conditions) wanted
                    WHERE (wanted.value ? (r.attrs ->> wanted.key)) IS NOT TRUE)
  LEFT JOIN warehouse.courtyard c USING (courtyard_code);
COMMENT ON VIEW mart.key_group_member IS
    'Every membership of a key group as believed now, each person once a day. Members on a day: valid_from <= day AND valid_to > day.';

CREATE FUNCTION mart.key_group_count_on(on_day date)
RETURNS TABLE ("group" text, title text, street_code text, community_code text, community_name text, persons bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m."group", m.title, m.street_code, m.community_code, u.name,
           count(DISTINCT coalesce(m.person_id, m.dataset || '/' || m.record_key))
      FROM mart.key_group_member m
      LEFT JOIN warehouse.unit u
        ON u.code = m.community_code AND u.valid_from <= on_day AND u.valid_to > on_day
     WHERE m.valid_from <= on_day AND m.valid_to > on_day
     GROUP BY m."group", m.title, m.street_code, m.community_code, u.name;
END;
COMMENT ON FUNCTION mart.key_group_count_on(date) IS
    'Persons in each key group by community on a day, as believed now; a quarter is counted on its last day. community_code is NULL for members without a known courtyard.';

CREATE FUNCTION mart.age_on(birth_date text, on_day date) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10 AND birth_date::date <= on_day
            THEN date_part('year', age(on_day, birth_date::date))::integer END;
COMMENT ON FUNCTION mart.age_on(text, date) IS
    'Full years of age, turned on the birthday; NULL where the birth date is not known to the day or lies after it.';

CREATE FUNCTION mart.person_birth_date(person text, known_at timestamptz) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.attrs ->> 'birth_date'
      FROM warehouse.record r
      JOIN warehouse.authority a ON a.dataset = r.dataset AND a.attribute = 'birth_date'
     WHERE r.person_id = person AND r.attrs ? 'birth_date'
       AND r.recorded_at <= known_at AND r.superseded_at > known_at
     ORDER BY a.rank, r.valid_from DESC, r.record_key
     LIMIT 1;
END;
COMMENT ON FUNCTION mart.person_birth_date(text, timestamptz) IS
    'A person''s birth date from the most trusted dataset that states one, as known at a moment.';

CREATE VIEW mart.person_current AS
WITH latest AS (
    SELECT DISTINCT ON (r.person_id, r.dataset) r.*
      FROM warehouse.record r
     WHERE r.is_current AND r.person_id IS NOT NULL
     ORDER BY r.person_id, r.dataset, r.valid_from DESC, r.record_key
), claim AS (
    SELECT l.street_code, l.person_id, l.is_active, a.attribute, a.rank, l.dataset,
           CASE a.attribute WHEN 'courtyard_code' THEN l.courtyard_code ELSE l.attrs ->> a.attribute END AS value
      FROM latest l
      JOIN warehouse.authority a USING (dataset)
)
SELECT street_code, person_id,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'name' AND value IS NOT NULL))[1] AS name,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'sex' AND value IS NOT NULL))[1] AS sex,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'birth_date' AND value IS NOT NULL))[1] AS birth_date,
       (array_agg(value ORDER BY rank)
           FILTER (WHERE attribute = 'courtyard_code' AND is_active AND value IS NOT NULL))[1] AS courtyard_code,
       array_agg(DISTINCT dataset ORDER BY dataset) AS datasets
  FROM claim
 GROUP BY street_code, person_id;
COMMENT ON VIEW mart.person_current IS
    'One row a person: each attribute from the most trusted dataset that states it (warehouse.authority). Personal data: for the publisher.';

CREATE VIEW mart.discrepancy AS
SELECT d.street_code, d.period, d.person_id, d.attribute, d.claims, d.chosen_dataset, d.status
  FROM warehouse.discrepancy d;
COMMENT ON VIEW mart.discrepancy IS 'Where sources disagree on an attribute of a person: every claim with its delivery, sheet and row.';

-- --- who may read what -----------------------------------------------------------------------

REVOKE ALL ON FUNCTION mart.key_group_count_on(date), mart.age_on(text, date),
    mart.person_birth_date(text, timestamptz) FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT SELECT ON mart.ledger, mart.submission_status, mart.courtyard TO courtyard_reader;
GRANT EXECUTE ON FUNCTION mart.key_group_count_on(date), mart.age_on(text, date) TO courtyard_reader;
