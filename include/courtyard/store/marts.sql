-- The stable views of schema mart, made anew at every migration; see docs/architecture.md.
-- Owned by courtyard_owner: a role sees through a view without rights on the tables below it.
-- courtyard_reader is granted only what names no person and counts nothing below a community.

DROP VIEW IF EXISTS mart.ledger, mart.submission_summary, mart.submission_status, mart.courtyard, mart.courtyard_archive,
    mart.key_group_member, mart.person_current, mart.discrepancy CASCADE;
DROP FUNCTION IF EXISTS mart.key_group_count_on(date), mart.age_on(text, date),
    mart.person_birth_date(text, timestamptz), mart.too_old_on(text, text, integer) CASCADE;

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
WITH quarter AS (
    SELECT p.street_code, p.period, p.ends_on, p.ends_on - 1 + c.due_after AS due_on
      FROM (SELECT street_code, period,
                   (make_date(left(period, 4)::int, 3 * right(period, 1)::int - 2, 1) + interval '3 months')::date AS ends_on
              FROM (SELECT f.street_code, f.period FROM landing.fetch f JOIN warehouse.submitted_dataset USING (street_code, source)
                    UNION SELECT b.street_code, b.period FROM quality.batch b
                            JOIN warehouse.submitted_dataset USING (street_code, dataset) WHERE b.status <> 'rejected'
                    UNION SELECT street_code, period FROM submissions.issue) known
             WHERE period ~ '^\d{4}Q[1-4]$') p
      LEFT JOIN warehouse.grid_cycle c USING (street_code)
), counted AS (
    -- Bytes may come more than once: the submission that counts for a delivery.
    SELECT DISTINCT ON (delivery_id) *
      FROM submissions.submission
     ORDER BY delivery_id, kind IN ('first', 'correction') DESC, kind = 'duplicate' DESC, receipt_id
), latest AS (
    SELECT DISTINCT ON (b.street_code, b.dataset, b.period, b.unit_code)
           b.street_code, b.dataset, b.period, b.unit_code, b.batch_id, b.delivery_id, b.status, b.is_nil, b.is_unchanged,
           b.landed, b.quarantined, b.superseded, b.reason, d.received_at, coalesce(s.sent_at, d.version_at) AS sent_at,
           coalesce(s.is_late, d.period <> b.period) AS is_late, coalesce(s.is_restatement, false) AS is_restatement,
           s.receipt_id, coalesce(s.kind, 'first') AS kind, coalesce(s.code, '') AS code,
           EXISTS (SELECT FROM quality.finding f WHERE f.batch_id = b.batch_id) AS is_told
      FROM quality.batch b
      JOIN landing.delivery d USING (delivery_id)
      JOIN warehouse.submitted_dataset q ON q.street_code = b.street_code AND q.dataset = b.dataset AND q.is_owed
      LEFT JOIN counted s USING (delivery_id)
     WHERE b.unit_code IS NOT NULL AND b.status <> 'superseded' AND s.kind IS DISTINCT FROM 'misdirected'
     ORDER BY b.street_code, b.dataset, b.period, b.unit_code, (b.status = 'merged') DESC, (b.status = 'rejected'),
              d.version_at DESC, d.delivery_id DESC
), refused AS (
    SELECT DISTINCT ON (street_code, arrived_for, unit_code) street_code, arrived_for, unit_code, receipt_id, delivery_id,
           sent_at, is_late, kind, code, reason, count(*) OVER (PARTITION BY street_code, arrived_for, unit_code) AS times
      FROM submissions.submission
     WHERE kind = 'misdirected' AND unit_code IS NOT NULL
     ORDER BY street_code, arrived_for, unit_code, sent_at DESC, receipt_id DESC
), repeated AS (
    SELECT street_code, period, unit_code, count(*) AS times
      FROM submissions.submission WHERE kind = 'duplicate' GROUP BY street_code, period, unit_code
)
SELECT q.street_code, d.source, d.dataset, d.title AS dataset_title, q.period, u.code AS unit_code, u.name AS unit_name,
       u.parent_code AS community_code,
       CASE WHEN l.batch_id IS NULL THEN CASE WHEN r.receipt_id IS NULL THEN 'missing' ELSE 'rejected' END
            WHEN l.status = 'rejected' THEN 'rejected'
            WHEN l.status <> 'merged' THEN 'received'
            WHEN l.landed = 0 AND l.is_nil THEN 'confirmed_nil'
            WHEN l.quarantined > 0 AND l.quarantined >= l.landed THEN 'rejected'
            WHEN l.quarantined > 0 THEN 'partly_accepted'
            WHEN l.is_told OR l.code <> '' THEN 'accepted_with_findings'
            ELSE 'accepted' END AS status,
       coalesce(l.status = 'held', false) AS is_held, q.due_on, coalesce(l.sent_at, r.sent_at) AS sent_at, l.received_at,
       CASE WHEN l.batch_id IS NOT NULL OR r.receipt_id IS NOT NULL
            THEN greatest(0, (coalesce(l.sent_at, r.sent_at) AT TIME ZONE 'Asia/Shanghai')::date - q.due_on)
       END AS days_late,
       coalesce(l.is_late, r.is_late, false) AS is_late, coalesce(l.is_restatement, false) AS is_restatement,
       coalesce(l.kind, r.kind) AS kind, coalesce(p.times, 0) AS duplicates, coalesce(r.times, 0) AS refusals,
       coalesce(l.landed, 0) AS rows_read,
       CASE WHEN l.status = 'rejected' THEN 0 ELSE coalesce(l.landed - l.quarantined - l.superseded, 0) END AS rows_accepted,
       coalesce(l.quarantined, 0) AS rows_quarantined, coalesce(l.is_unchanged, false) AS is_unchanged,
       CASE WHEN l.batch_id IS NULL THEN coalesce(r.code, '') ELSE l.code END AS code,
       CASE WHEN l.batch_id IS NULL THEN coalesce(r.reason, '') ELSE l.reason END AS reason,
       coalesce(l.delivery_id, r.delivery_id) AS delivery_id, coalesce(l.receipt_id, r.receipt_id) AS receipt_id
  FROM quarter q
  JOIN warehouse.submitted_dataset d ON d.street_code = q.street_code AND d.is_owed
  JOIN warehouse.unit u
    ON u.street_code = q.street_code AND u.kind = 'grid' AND u.valid_from < q.ends_on AND u.valid_to >= q.ends_on
  LEFT JOIN latest l
    ON l.street_code = q.street_code AND l.dataset = d.dataset AND l.period = q.period AND l.unit_code = u.code
  LEFT JOIN refused r ON r.street_code = q.street_code AND r.arrived_for = q.period AND r.unit_code = u.code
  LEFT JOIN repeated p ON p.street_code = q.street_code AND p.period = q.period AND p.unit_code = u.code;
COMMENT ON VIEW mart.submission_status IS
    'Grid x owed dataset x quarter, on the ladder: missing (nothing was sent), received (on its way, or held), accepted, accepted_with_findings, partly_accepted, rejected, confirmed_nil (nothing to report, said so). What was sent but not taken counts as rejected in the quarter it came for, unless the grid sent another that was. is_late: sent after the due day or with a later quarter; is_restatement: after the freeze.';

CREATE VIEW mart.submission_summary AS
WITH counted AS (
    SELECT s.street_code, s.period, s.community_code, count(*) AS owed,
           count(*) FILTER (WHERE status IN ('accepted', 'accepted_with_findings', 'partly_accepted')) AS reported,
           count(*) FILTER (WHERE status = 'confirmed_nil') AS confirmed_nil,
           count(*) FILTER (WHERE status = 'received') AS received,
           count(*) FILTER (WHERE status = 'missing') AS missing,
           count(*) FILTER (WHERE status = 'rejected') AS refused,
           count(*) FILTER (WHERE is_late AND status NOT IN ('missing', 'rejected')) AS late,
           count(*) FILTER (WHERE NOT is_late AND status IN ('accepted', 'accepted_with_findings', 'partly_accepted',
                                                             'confirmed_nil')) AS in_time,
           count(DISTINCT unit_code) AS grids,
           count(DISTINCT unit_code) FILTER (WHERE status = 'missing') AS grids_missing
      FROM mart.submission_status s
     GROUP BY GROUPING SETS ((s.street_code, s.period, s.community_code), (s.street_code, s.period))
)
SELECT c.street_code, c.period, coalesce(c.community_code, c.street_code) AS unit_code, u.name AS unit_name, u.kind,
       c.grids, c.grids_missing, c.owed, c.reported, c.confirmed_nil, c.received, c.missing, c.refused, c.late,
       round((c.reported + c.confirmed_nil)::numeric / c.owed, 4) AS completeness,
       round(c.in_time::numeric / c.owed, 4) AS timeliness
  FROM counted c
  LEFT JOIN (SELECT DISTINCT ON (code) code, name, kind FROM warehouse.unit ORDER BY code, valid_from DESC) u
    ON u.code = coalesce(c.community_code, c.street_code);
COMMENT ON VIEW mart.submission_summary IS
    'Each community and the street by quarter: the sheets its grids owe, and of them reported, confirmed nil, on their way, missing, refused, late. completeness: reported or confirmed nil; timeliness: of these in time; both as shares of owed.';

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

CREATE FUNCTION mart.too_old_on(birth_date text, turns_on text, years integer) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10
            THEN (make_date(left(birth_date, 4)::int - (substr(birth_date, 6) < turns_on)::int,
                            left(turns_on, 2)::int, right(turns_on, 2)::int)
                  + make_interval(years => years + 1))::date END;
COMMENT ON FUNCTION mart.too_old_on(text, text, integer) IS
    'The first day on which somebody born then is past a window of one year of births that turns on MM-DD and goes back so many years; NULL where the birth date is not known to the day or there is no window.';

CREATE VIEW mart.key_group_member AS
WITH said AS (
    -- One person may stand under several record keys (with and without an ID number): what was said last holds.
    SELECT r.*, lead(r.valid_from) OVER (PARTITION BY r.street_code, r.dataset, coalesce(r.person_id, r.record_key)
                                         ORDER BY r.valid_from, r.is_active, r.recorded_at, r.record_key) AS said_again
      FROM warehouse.record r
     WHERE r.is_current AND r.dataset IN (SELECT dataset FROM warehouse.key_group)
)
SELECT g.group_code AS "group", g.title, r.street_code, r.person_id, r.courtyard_code, c.community_code, r.dataset,
       r.record_key, r.valid_from, least(r.valid_to, r.said_again, b.too_old_on) AS valid_to, r.recorded_at
  FROM warehouse.key_group g
  JOIN said r
    ON r.dataset = g.dataset AND r.is_active
   AND NOT EXISTS (SELECT FROM jsonb_each(g.conditions) wanted
                    WHERE (wanted.value ? (r.attrs ->> wanted.key)) IS NOT TRUE)
 CROSS JOIN LATERAL (SELECT mart.too_old_on(r.attrs ->> (g.birth_window ->> 'column'), g.birth_window ->> 'turns_on',
                                            (g.birth_window ->> 'years')::int) AS too_old_on) b
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE least(r.valid_to, r.said_again, b.too_old_on) > r.valid_from;
COMMENT ON VIEW mart.key_group_member IS
    'Every membership of a key group as believed now, each person once a day. Members on a day: valid_from <= day AND valid_to > day. A group with a birth window is left by itself when the window has passed.';

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
    mart.person_birth_date(text, timestamptz), mart.too_old_on(text, text, integer) FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT SELECT ON mart.ledger, mart.submission_status, mart.submission_summary, mart.courtyard TO courtyard_reader;
GRANT EXECUTE ON FUNCTION mart.key_group_count_on(date), mart.age_on(text, date) TO courtyard_reader;
