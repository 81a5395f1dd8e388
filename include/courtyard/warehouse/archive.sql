-- name: any_moved
SELECT EXISTS (SELECT FROM identity.record_person WHERE street_code = :street AND is_moved)

-- name: alone
-- Runs of several quarters may go on at once, and each writes the archives of later quarters too.
SELECT pg_advisory_xact_lock(hashtext('archive'), hashtext(:street))

-- name: one_at_a_time
-- `link` marks the records that the archive takes note of here.
SELECT pg_advisory_xact_lock(hashtext('identity'), hashtext(:street))

-- name: followed
-- The first day of which anything was said of records that turned out to be another person's. Those that no merge has
-- taken along yet are left to the archive after it.
WITH followed AS (
    UPDATE identity.record_person p SET is_moved = false
     WHERE p.street_code = :street AND p.is_moved
       AND NOT EXISTS (SELECT FROM warehouse.record k
                        WHERE k.is_current AND k.street_code = :street AND k.dataset = p.dataset AND k.person_id <> p.person_id
                          AND p.record_key = CASE WHEN k.dataset = ANY(:period_datasets) THEN substr(k.record_key, strpos(k.record_key, '/') + 1)
                                                  ELSE k.record_key END)
    RETURNING p.dataset, p.record_key
)
SELECT min(e.first_from)
  FROM followed f
  JOIN identity.evidence e ON e.street_code = :street AND e.dataset = f.dataset AND e.record_key = f.record_key

-- name: learned
-- When the warehouse learned the last thing that it knows about a quarter.
SELECT max(d.received_at)
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'merged' AND b.period = ANY(:periods)

-- name: noted
-- When something was last noted of a quarter.
SELECT max(greatest(recorded_at, nullif(superseded_at, 'infinity')))
  FROM (SELECT recorded_at, superseded_at FROM warehouse.courtyard_archive WHERE street_code = :street AND period = :period
         UNION ALL
        SELECT recorded_at, superseded_at FROM warehouse.courtyard_tag WHERE street_code = :street AND period = :period
         UNION ALL
        SELECT recorded_at, superseded_at FROM warehouse.courtyard_indicator WHERE street_code = :street AND period = :period) known

-- name: periods
SELECT DISTINCT period FROM quality.batch WHERE street_code = :street AND status = 'merged'

-- name: standing
-- The courtyards that stand on the quarter's last day: each of them, and no other, has an archive of the quarter.
CREATE TEMP TABLE _courtyard ON COMMIT DROP AS
SELECT courtyard_code, community_code, grid_code
  FROM warehouse.courtyard
 WHERE street_code = :street
   AND valid_from <= :day AND valid_to > :day

-- name: covered
-- Which datasets speak about which courtyards: of people and things at any time before, of a period when it ends
-- with the quarter, of events when it lies in the quarter. A grid speaks for its own courtyards only.
CREATE TEMP TABLE _covered ON COMMIT DROP AS
SELECT DISTINCT b.dataset, c.courtyard_code
  FROM unnest(CAST(:datasets AS text[]), CAST(:grains AS text[])) AS d(dataset, grain)
  JOIN quality.batch b USING (dataset)
  JOIN _courtyard c ON b.unit_code IS NULL OR b.unit_code = c.grid_code
 WHERE b.street_code = :street AND b.status = 'merged'
   AND b.period = ANY(CASE d.grain WHEN 'event' THEN CAST(:within AS text[]) WHEN 'period' THEN CAST(:ending AS text[])
                                   ELSE CAST(:periods AS text[]) END)

-- name: holds
-- What holds on the quarter's last day. One person may stand under several record keys: what was said last holds.
CREATE TEMP TABLE _holds ON COMMIT DROP AS
SELECT *
  FROM (SELECT DISTINCT ON (dataset, coalesce(person_id, record_key))
               dataset, record_key, mart.courtyard_code_on(courtyard_code, building, :day) AS courtyard_code, attrs, is_active
          FROM warehouse.record
         WHERE is_current AND street_code = :street AND dataset = ANY(:held) AND valid_from <= :day AND :day < valid_to
         ORDER BY dataset, coalesce(person_id, record_key), valid_from DESC, is_active DESC, record_key DESC) latest
 WHERE is_active

-- name: population
CREATE TEMP TABLE _population ON COMMIT DROP AS
WITH living AS (
    SELECT mart.courtyard_code_on(courtyard_code, building, :day) AS courtyard_code, person_id, household_id,
           attrs ->> 'residence_type' AS residence,
           (attrs -> 'split_residence') = 'true'::jsonb AS is_split, mart.age_on(attrs ->> 'birth_date', :day) AS age
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset = :anchor
       AND valid_from <= :day AND :day < valid_to
), one AS (
    SELECT DISTINCT ON (courtyard_code, person_id) * FROM living ORDER BY courtyard_code, person_id, household_id
)
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

-- name: key_groups
CREATE TEMP TABLE _key_group ON COMMIT DROP AS
WITH member AS (
    SELECT "group" AS group_code, mart.courtyard_code_on(courtyard_code, building, :day) AS courtyard_code,
           count(DISTINCT person_id) AS persons
      FROM mart.key_group_member
     WHERE street_code = :street AND valid_from <= :day AND valid_to > :day
     GROUP BY 1, 2
)
SELECT c.courtyard_code,
       jsonb_object_agg(g.group_code, CASE WHEN v.dataset IS NOT NULL THEN coalesce(m.persons, 0) END) AS key_groups
  FROM _courtyard c
 JOIN warehouse.key_group g ON g.street_code = :street
  LEFT JOIN _covered v ON v.dataset = g.dataset AND v.courtyard_code = c.courtyard_code
  LEFT JOIN member m ON m.group_code = g.group_code AND m.courtyard_code = c.courtyard_code
 GROUP BY c.courtyard_code

-- name: make_figure
CREATE TEMP TABLE _figure (courtyard_code text, figure text, value jsonb) ON COMMIT DROP

-- name: told
-- Each row that a figure is made of, at the courtyard or the community for which it counts.
CREATE TEMP TABLE _told ON COMMIT DROP AS
WITH spec AS (
    SELECT *
      FROM jsonb_to_recordset(CAST(:figures AS jsonb)) AS f(
               figure text, dataset text, measure text, "column" text, is_date boolean, "where" jsonb, scope text,
               community_in text, in_quarter text, once_per text)
), met AS (
    SELECT s.figure, s.measure, h.record_key, s.once_per, h.attrs ->> s.once_per AS once,
           CASE WHEN s.scope = 'courtyard' THEN h.courtyard_code
                WHEN s.community_in IS NULL THEN c.community_code ELSE u.code END AS place,
           CASE WHEN s.is_date THEN left(h.attrs ->> s."column", 4) ELSE h.attrs ->> s."column" END AS value
      FROM spec s
      JOIN _holds h USING (dataset)
      LEFT JOIN _courtyard c USING (courtyard_code)
      LEFT JOIN warehouse.unit u
        ON s.community_in IS NOT NULL AND u.street_code = :street AND u.kind = 'community'
       AND u.valid_from <= :day AND :day < u.valid_to AND starts_with(h.attrs ->> s.community_in, u.name)
     WHERE NOT EXISTS (SELECT FROM jsonb_each(s."where") wanted
                        WHERE (wanted.value ? (h.attrs ->> wanted.key)) IS NOT TRUE)
       AND (s.in_quarter IS NULL OR h.attrs ->> s.in_quarter BETWEEN CAST(:first AS text) AND CAST(:last AS text))
), one AS (
    SELECT DISTINCT ON (figure, place, coalesce(once, record_key)) *
      FROM met
     WHERE place IS NOT NULL AND once_per IS NOT NULL
     ORDER BY figure, place, coalesce(once, record_key), record_key
)
SELECT figure, measure, place, value FROM met WHERE place IS NOT NULL AND once_per IS NULL
 UNION ALL
SELECT figure, measure, place, value FROM one

-- name: figures
-- Nothing found is 0 where its dataset speaks about the courtyard, unless the figure needs a row.
INSERT INTO _figure (courtyard_code, figure, value)
WITH spec AS (
    SELECT *
      FROM jsonb_to_recordset(CAST(:figures AS jsonb)) AS f(
               figure text, dataset text, measure text, scope text, needs_row boolean)
), numbered AS (
    SELECT *, CASE WHEN measure IN ('sum', 'least', 'greatest') THEN value::numeric END AS number FROM _told
), counted AS (
    SELECT figure, place,
           CASE measure WHEN 'count' THEN to_jsonb(count(*)) WHEN 'distinct' THEN to_jsonb(count(DISTINCT value))
                        WHEN 'sum' THEN to_jsonb(trim_scale(sum(number))) WHEN 'least' THEN to_jsonb(min(number))
                        WHEN 'greatest' THEN to_jsonb(max(number))
                        WHEN 'values' THEN to_jsonb(array_agg(DISTINCT value) FILTER (WHERE value IS NOT NULL)) END AS value
      FROM numbered
     WHERE measure <> 'by'
     GROUP BY figure, measure, place
     UNION ALL
    SELECT figure, place, coalesce(jsonb_object_agg(value, rows) FILTER (WHERE value IS NOT NULL), '{}')
      FROM (SELECT figure, place, value, count(*) AS rows FROM _told WHERE measure = 'by' GROUP BY figure, place, value) v
     GROUP BY figure, place
)
SELECT c.courtyard_code, s.figure,
       CASE WHEN v.dataset IS NULL THEN NULL
            WHEN n.figure IS NOT NULL THEN n.value
            WHEN s.needs_row AND l.dataset IS NULL THEN NULL
            WHEN s.measure IN ('count', 'distinct', 'sum') THEN to_jsonb(0)
            WHEN s.measure = 'by' THEN '{}' END
  FROM _courtyard c
 CROSS JOIN spec s
  LEFT JOIN _covered v ON v.dataset = s.dataset AND v.courtyard_code = c.courtyard_code
  LEFT JOIN (SELECT DISTINCT dataset, courtyard_code FROM _holds) l
    ON l.dataset = s.dataset AND l.courtyard_code = c.courtyard_code
  LEFT JOIN counted n
    ON n.figure = s.figure AND n.place = CASE s.scope WHEN 'courtyard' THEN c.courtyard_code ELSE c.community_code END

-- name: happened
-- Each thing that had happened by the quarter's end, as it stood on the day before the quarter and on its last day.
-- Where no version is that old, the first one is looked at: it may say that all was over by then.
CREATE TEMP TABLE _happened ON COMMIT DROP AS
WITH spec AS (
    SELECT *
      FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e(
               events text, dataset text, opened text, closed_when jsonb, ended text, due text)
), version AS (
    SELECT DISTINCT ON (s.events, k.record_key, d.day)
           s.events, k.record_key, d.day, d.is_last, d.day_ends, mart.courtyard_code_on(k.courtyard_code, k.building, :day) AS courtyard_code,
           k.valid_from,
           mart.moment(k.attrs ->> s.opened) AS opened_at, mart.moment(k.attrs ->> s.ended) AS ended_at,
           mart.moment(k.attrs ->> s.due)
               + CASE WHEN length(k.attrs ->> s.due) = 10 THEN interval '1 day' ELSE interval '0' END AS due_at,
           NOT EXISTS (SELECT FROM jsonb_each(s.closed_when) wanted
                        WHERE (wanted.value ? (k.attrs ->> wanted.key)) IS NOT TRUE) AS is_done
      FROM spec s
      JOIN warehouse.record k ON k.is_current AND k.is_active AND k.street_code = :street AND k.dataset = s.dataset
     CROSS JOIN (VALUES (CAST(:before AS date), false, CAST(:starts AS timestamptz)),
                        (CAST(:day AS date), true, CAST(:ends AS timestamptz))) AS d(day, is_last, day_ends)
     ORDER BY s.events, k.record_key, d.day, k.valid_from > d.day,
              CASE WHEN k.valid_from > d.day THEN k.valid_from END, k.valid_from DESC
), state AS (
    SELECT *, opened_at < day_ends AND is_done
              AND CASE WHEN ended_at IS NULL THEN valid_from <= day ELSE ended_at < day_ends END AS is_closed
      FROM version
)
SELECT events, courtyard_code, opened_at >= :starts AS is_new, is_closed, coalesce(was_closed, false) AS was_closed,
       ended_at, due_at
  FROM (SELECT *, lag(is_closed) OVER (PARTITION BY events, record_key ORDER BY day) AS was_closed FROM state) s
 WHERE is_last AND opened_at < day_ends

-- name: responses
INSERT INTO _figure (courtyard_code, figure, value)
WITH counted AS (
    SELECT events, courtyard_code,
           count(*) FILTER (WHERE is_new) AS opened,
           count(*) FILTER (WHERE is_closed AND NOT was_closed) AS closed,
           count(*) FILTER (WHERE NOT is_closed) AS open,
           count(*) FILTER (WHERE NOT is_closed AND due_at <= :ends) AS overdue,
           count(*) FILTER (WHERE due_at > :starts AND due_at <= :ends AND NOT (is_closed AND ended_at IS NULL)) AS due,
           count(*) FILTER (WHERE due_at > :starts AND due_at <= :ends AND is_closed AND ended_at < due_at) AS due_met
      FROM _happened
     GROUP BY events, courtyard_code
)
SELECT c.courtyard_code, 'response.' || e.events || '_' || kind.name,
       CASE WHEN v.dataset IS NOT NULL THEN to_jsonb(coalesce(kind.value, 0)) END
  FROM _courtyard c
 CROSS JOIN jsonb_to_recordset(CAST(:events AS jsonb)) AS e(events text, dataset text, due text)
  LEFT JOIN _covered v ON v.dataset = e.dataset AND v.courtyard_code = c.courtyard_code
  LEFT JOIN counted n ON n.events = e.events AND n.courtyard_code = c.courtyard_code
 CROSS JOIN LATERAL (VALUES ('opened', n.opened, false), ('closed', n.closed, false), ('open', n.open, false),
                            ('overdue', n.overdue, true), ('due', n.due, true), ('due_met', n.due_met, true))
            AS kind(name, value, needs_due)
 WHERE e.due IS NOT NULL OR NOT kind.needs_due

-- name: archive
CREATE TEMP TABLE _courtyard_archive ON COMMIT DROP AS
WITH module AS (
    SELECT courtyard_code, split_part(figure, '.', 1) AS module,
           jsonb_object_agg(split_part(figure, '.', 2), value) AS figures
      FROM _figure
     GROUP BY 1, 2
), modules AS (
    SELECT courtyard_code, jsonb_object_agg(module, figures) AS of FROM module GROUP BY courtyard_code
)
SELECT c.courtyard_code,
       CASE WHEN v.dataset IS NULL THEN CAST(:unknown AS jsonb) ELSE coalesce(p.population, CAST(:nobody AS jsonb)) END
           AS population,
       coalesce(g.key_groups, '{}') AS key_groups, coalesce(m.of -> 'resources', '{}') AS resources,
       coalesce(m.of -> 'providers', '{}') AS providers, coalesce(m.of -> 'items', '{}') AS items,
       coalesce(m.of -> 'response', '{}') AS response
  FROM _courtyard c
  LEFT JOIN _covered v ON v.dataset = :anchor AND v.courtyard_code = c.courtyard_code
  LEFT JOIN _population p ON p.courtyard_code = c.courtyard_code
  LEFT JOIN _key_group g ON g.courtyard_code = c.courtyard_code
  LEFT JOIN modules m ON m.courtyard_code = c.courtyard_code

-- name: modules
SELECT a.courtyard_code, c.community_code, a.population, a.key_groups, a.resources, a.providers, a.items, a.response
  FROM _courtyard_archive a
  JOIN _courtyard c USING (courtyard_code)
 ORDER BY a.courtyard_code

-- name: drop
DROP TABLE _courtyard, _covered, _holds, _population, _key_group, _figure, _told, _happened, _courtyard_archive,
           _courtyard_tag, _courtyard_indicator
