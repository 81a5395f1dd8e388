-- One row a child born in the window whom a grid or the police register lists, with what it adds to each figure and
-- what the three sources say; one row more for the certificate of a disabled child, which adds to that figure only.
-- A grid that reports a child gone is believed against the register: such a child is not listed, but noted.
WITH known AS NOT MATERIALIZED (
    SELECT *, coalesce(person_id, record_key) COLLATE "C" AS person
      FROM warehouse.record
     WHERE street_code = :street_code
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
), of_age AS (
    SELECT DISTINCT person
      FROM known
     WHERE dataset IN ('grid_school_age', 'population')
       AND attrs ->> 'birth_date' BETWEEN CAST(:born_from AS text) AND CAST(:born_to AS text)
), said_last AS MATERIALIZED (
    SELECT DISTINCT ON (person, dataset) *
      FROM known
      JOIN of_age USING (person)
     WHERE dataset IN ('grid_school_age', 'population', 'school_children', 'disabled_persons')
     ORDER BY person, dataset, valid_from DESC, is_active DESC, recorded_at DESC, record_key
), source AS (
    SELECT person, jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)
                             ORDER BY dataset) AS sources
      FROM said_last
     WHERE is_active AND dataset <> 'disabled_persons'
     GROUP BY person
), decided AS (
    -- where sources disagree: what won by the pack's rules, or was settled at the desk
    SELECT subject AS person, max(value) FILTER (WHERE attribute = 'name') AS name,
           max(value) FILTER (WHERE attribute = 'sex') AS sex,
           max(value) FILTER (WHERE attribute = 'birth_date') AS birth_date,
           max(value) FILTER (WHERE attribute = 'courtyard_code') AS courtyard_code
      FROM warehouse.discrepancy
     WHERE street_code = :street_code AND kind = 'claim' AND period = to_char(CAST(:as_of AS date), 'YYYY"Q"Q')
       AND recorded_at <= :known_at AND superseded_at > :known_at
     GROUP BY subject
), child AS (
    SELECT a.person, g.is_active AS in_grid, p.is_active IS TRUE AS in_register, s.is_active IS TRUE AS on_roll,
           coalesce(d.name, p.attrs ->> 'name', g.attrs ->> 'name') AS name,
           coalesce(d.sex, p.attrs ->> 'sex', g.attrs ->> 'sex') AS sex,
           coalesce(d.birth_date, p.attrs ->> 'birth_date', g.attrs ->> 'birth_date') AS birth_date,
           coalesce(d.courtyard_code, CASE WHEN g.is_active THEN g.courtyard_code END, p.courtyard_code) AS courtyard_code,
           p.attrs ->> 'residence_type' AS residence_type,
           coalesce((g.attrs ->> 'is_migrant')::boolean, (s.attrs ->> 'is_migrant')::boolean,
                    p.attrs ->> 'residence_type' = 'floating') AS said_migrant,
           coalesce(g.attrs ->> 'remark' ~ '(延缓|暂缓|推迟)入学|缓学', false) AS is_deferred,
           g.record_key AS grid_key, g.attrs AS grid, g.sealed AS grid_sealed,
           p.record_key AS register_key, p.attrs AS register, p.sealed AS register_sealed,
           s.record_key AS roll_key, s.attrs AS roll, s.sealed AS roll_sealed, r.sources,
           CASE WHEN g.is_active THEN g.delivery_id ELSE p.delivery_id END AS child_delivery_id,
           CASE WHEN g.is_active THEN g.sheet ELSE p.sheet END AS child_sheet,
           CASE WHEN g.is_active THEN g.row_no ELSE p.row_no END AS child_row_no,
           z.delivery_id AS certificate_delivery_id, z.sheet AS certificate_sheet, z.row_no AS certificate_row_no
      FROM of_age a
      LEFT JOIN said_last g ON g.person = a.person AND g.dataset = 'grid_school_age'
      LEFT JOIN said_last p ON p.person = a.person AND p.dataset = 'population'
      LEFT JOIN said_last s ON s.person = a.person AND s.dataset = 'school_children'
      LEFT JOIN said_last z ON z.person = a.person AND z.dataset = 'disabled_persons' AND z.is_active
      LEFT JOIN source r ON r.person = a.person
      LEFT JOIN decided d ON d.person = a.person
), counted AS (
    SELECT child.*, c.community_code AS row_key, coalesce(in_grid, in_register) AS is_listed,
           coalesce(in_grid, in_register) AND NOT is_deferred AS is_counted,
           coalesce(residence_type = 'hukou', NOT said_migrant, false) AS is_hukou,
           coalesce(said_migrant AND residence_type IS DISTINCT FROM 'hukou', false) AS is_migrant
      FROM child
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE birth_date BETWEEN CAST(:born_from AS text) AND CAST(:born_to AS text) AND (in_grid OR in_register)
)
SELECT counted.*, f.*,
       (is_child AND is_counted)::int AS total,
       (is_child AND is_counted AND sex IS NOT DISTINCT FROM '1')::int AS male,
       (is_child AND is_counted AND sex IS NOT DISTINCT FROM '2')::int AS female,
       (is_child AND is_counted AND is_hukou)::int AS hukou,
       (is_child AND is_counted AND is_migrant)::int AS migrant,
       (NOT is_child AND is_counted)::int AS disabled,
       (is_child AND is_listed AND is_deferred)::int AS deferred
  FROM counted
 CROSS JOIN LATERAL (
    VALUES (true, child_delivery_id, child_sheet, child_row_no),
           (false, certificate_delivery_id, certificate_sheet, certificate_row_no)
 ) f (is_child, delivery_id, sheet, row_no)
 WHERE f.delivery_id IS NOT NULL
