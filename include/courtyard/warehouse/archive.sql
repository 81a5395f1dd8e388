-- name: learned
-- When the warehouse learned the last thing that it knows about a quarter.
SELECT max(d.received_at)
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'merged' AND b.period = ANY(:periods)

-- name: archived
SELECT DISTINCT period FROM warehouse.courtyard_archive WHERE street_code = :street

-- name: periods
SELECT DISTINCT period FROM quality.batch WHERE street_code = :street AND status = 'merged'

-- name: counts
CREATE TEMP TABLE _archive ON COMMIT DROP AS
WITH living AS (
    SELECT mart.courtyard_code_on(courtyard_code, building, :day) AS courtyard_code, person_id, household_id, attrs ->> 'residence_type' AS residence,
           (attrs -> 'split_residence') = 'true'::jsonb AS is_split, mart.age_on(attrs ->> 'birth_date', :day) AS age
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset = :anchor
       AND valid_from <= :day AND :day < valid_to
), one AS (
    SELECT DISTINCT ON (courtyard_code, person_id) * FROM living ORDER BY courtyard_code, person_id, household_id
), base AS (
    SELECT courtyard_code, jsonb_build_object(
               'households', count(DISTINCT household_id), 'persons', count(*),
               'hukou', count(*) FILTER (WHERE residence = 'hukou'),
               'floating', count(*) FILTER (WHERE residence = 'floating'),
               'overseas', count(*) FILTER (WHERE residence = 'overseas'),
               'split_residence', count(*) FILTER (WHERE is_split),
               'age_0_6', count(*) FILTER (WHERE age <= 6),
               'age_7_15', count(*) FILTER (WHERE age BETWEEN 7 AND 15),
               'age_16_59', count(*) FILTER (WHERE age BETWEEN 16 AND 59),
               'age_60_up', count(*) FILTER (WHERE age >= 60),
               'age_80_up', count(*) FILTER (WHERE age >= 80),
               'age_unknown', count(*) FILTER (WHERE age IS NULL)) AS population
      FROM one
     GROUP BY courtyard_code
), member AS (
    SELECT "group", mart.courtyard_code_on(courtyard_code, building, :day) AS courtyard_code,
           count(DISTINCT person_id) AS persons
      FROM mart.key_group_member
     WHERE street_code = :street AND valid_from <= :day AND valid_to > :day
     GROUP BY 1, 2
), happened AS (
    SELECT e.dataset, mart.courtyard_code_on(k.courtyard_code, k.building, :day) AS courtyard_code,
           count(DISTINCT k.record_key) AS events
      FROM unnest(CAST(:events AS text[]), CAST(:moments AS text[])) AS e(dataset, moment)
      JOIN warehouse.record k ON k.is_current AND k.street_code = :street AND k.dataset = e.dataset
     WHERE (k.attrs ->> e.moment)::timestamptz >= :starts AND (k.attrs ->> e.moment)::timestamptz < :ends
     GROUP BY 1, 2
), grouped AS (
    SELECT c.courtyard_code, jsonb_object_agg(g.group_code, coalesce(m.persons, 0)) AS key_groups
      FROM warehouse.courtyard c
     CROSS JOIN warehouse.key_group g
      LEFT JOIN member m ON m."group" = g.group_code AND m.courtyard_code = c.courtyard_code
     WHERE c.street_code = :street
     GROUP BY c.courtyard_code
), answered AS (
    SELECT c.courtyard_code, jsonb_object_agg(e.dataset, coalesce(h.events, 0)) AS response
      FROM warehouse.courtyard c
     CROSS JOIN unnest(CAST(:events AS text[])) AS e(dataset)
      LEFT JOIN happened h ON h.dataset = e.dataset AND h.courtyard_code = c.courtyard_code
     WHERE c.street_code = :street
     GROUP BY c.courtyard_code
)
SELECT c.courtyard_code, coalesce(b.population, CAST(:nobody AS jsonb)) AS population,
       coalesce(g.key_groups, '{}') AS key_groups, coalesce(a.response, '{}') AS response
  FROM warehouse.courtyard c
  LEFT JOIN base b USING (courtyard_code)
  LEFT JOIN grouped g USING (courtyard_code)
  LEFT JOIN answered a USING (courtyard_code)
 WHERE c.street_code = :street AND c.valid_from <= :day AND c.valid_to > :day

-- name: unchanged
DELETE FROM _archive n
 USING warehouse.courtyard_archive a
 WHERE a.street_code = :street AND a.courtyard_code = n.courtyard_code AND a.period = :period
   AND a.superseded_at = 'infinity'
   AND (a.population, a.key_groups, a.response) = (n.population, n.key_groups, n.response)

-- name: never_known
DELETE FROM warehouse.courtyard_archive a
 USING _archive n
 WHERE a.street_code = :street AND a.courtyard_code = n.courtyard_code AND a.period = :period
   AND a.superseded_at = 'infinity' AND a.recorded_at >= :learned

-- name: supersede
UPDATE warehouse.courtyard_archive a SET superseded_at = :learned
  FROM _archive n
 WHERE a.street_code = :street AND a.courtyard_code = n.courtyard_code AND a.period = :period
   AND a.superseded_at = 'infinity'

-- name: gone
-- Of courtyards that, by the register of today, did not exist on that day: what nobody ever saw goes.
DELETE FROM warehouse.courtyard_archive a
 USING warehouse.courtyard c
 WHERE a.street_code = :street AND a.period = :period AND a.superseded_at = 'infinity' AND a.recorded_at >= :learned
   AND c.courtyard_code = a.courtyard_code AND NOT (c.valid_from <= :day AND c.valid_to > :day)

-- name: end_gone
UPDATE warehouse.courtyard_archive a SET superseded_at = :learned
  FROM warehouse.courtyard c
 WHERE a.street_code = :street AND a.period = :period AND a.superseded_at = 'infinity'
   AND c.courtyard_code = a.courtyard_code AND NOT (c.valid_from <= :day AND c.valid_to > :day)

-- name: believe
INSERT INTO warehouse.courtyard_archive (street_code, courtyard_code, period, recorded_at, population, key_groups, response)
SELECT :street, courtyard_code, :period, :learned, population, key_groups, response FROM _archive

-- name: drop
DROP TABLE _archive
