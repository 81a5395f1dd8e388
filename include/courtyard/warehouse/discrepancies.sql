-- Where sources disagree on the last day of a quarter. Every kind of conflict puts its claims into _said, where they
-- are dated and weighed alike; _found holds one row a conflict, of all quarters, with what became of it.

-- name: make_found
CREATE TEMP TABLE _found ON COMMIT DROP AS
SELECT street_code, period, discrepancy_id, kind, subject, person_id, attribute, claims, basis, value, chosen_dataset,
       weighed_by, rule, owner_kind, owner, asked, due_on, status, settled_how, settled_by, settled_at,
       CAST(NULL AS date) AS since
  FROM warehouse.discrepancy
 WHERE false

-- name: make_said
CREATE TEMP TABLE _said (
    kind text, subject text, attribute text, person_id text, rank int, weigh text, within_quarters int, dataset text,
    record_key text, value text, valid_from date, delivery_id text, sheet text, row_no int, version_at timestamptz,
    said_for text, unit_code text
) ON COMMIT DROP

-- name: say_attributes
-- Persons of whom two sources say different things; a date known to the month agrees with any day in it.
INSERT INTO _said (kind, subject, attribute, person_id, rank, weigh, within_quarters, dataset, record_key, value, valid_from)
WITH other AS (
    SELECT *
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset <> :anchor
       AND person_id IS NOT NULL AND valid_from <= :day AND :day < valid_to
), seen AS (
    SELECT * FROM other
    UNION ALL
    SELECT *
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset = :anchor
       AND valid_from <= :day AND :day < valid_to AND person_id IN (SELECT person_id FROM other)
), said AS (
    SELECT k.person_id, a.attribute, a.rank, a.weigh, a.within_quarters, k.dataset, k.record_key, k.valid_from,
           CASE a.attribute WHEN 'courtyard_code' THEN k.courtyard_code ELSE k.attrs ->> a.attribute END AS value
      FROM seen k
      JOIN warehouse.authority a ON a.street_code = :street AND a.dataset = k.dataset
), differing AS (
    SELECT person_id, attribute
      FROM said
     WHERE value IS NOT NULL
     GROUP BY person_id, attribute
    HAVING min(dataset) <> max(dataset) AND min(value) <> max(value)
       AND (attribute <> 'birth_date' OR min(left(value, 4)) <> max(left(value, 4))
            OR min(left(value, 7)) FILTER (WHERE length(value) >= 7) <> max(left(value, 7)) FILTER (WHERE length(value) >= 7)
            OR min(value) FILTER (WHERE length(value) = 10) <> max(value) FILTER (WHERE length(value) = 10))
)
SELECT 'claim', person_id, attribute, person_id, rank, weigh, within_quarters, dataset, record_key, value, valid_from
  FROM said
  JOIN differing USING (person_id, attribute)
 WHERE value IS NOT NULL

-- name: say_register
-- Entries of the register that claim one ID number and are held to be different persons; households with two heads.
INSERT INTO _said (kind, subject, attribute, person_id, rank, weigh, dataset, record_key, value, valid_from)
WITH entry AS MATERIALIZED (
    SELECT person_id, household_id, record_key, valid_from, attrs ->> CAST(:id_column AS text) AS token,
           attrs ->> CAST(:relation_column AS text) = '0' AS is_head
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset = :anchor
       AND valid_from <= :day AND :day < valid_to
), shared AS (
    SELECT token, min(person_id) AS subject
      FROM entry
     WHERE token IS NOT NULL
     GROUP BY token
    HAVING min(person_id) <> max(person_id)
), several AS (
    SELECT household_id
      FROM entry
     WHERE is_head AND household_id IS NOT NULL
     GROUP BY household_id
    HAVING min(person_id) <> max(person_id)
)
SELECT 'id_shared', subject, CAST(:id_column AS text), person_id, 1, 'rank', CAST(:anchor AS text), record_key, person_id,
       valid_from
  FROM entry
  JOIN shared USING (token)
 UNION ALL
SELECT 'two_heads', household_id, CAST(:relation_column AS text), person_id, 1, 'rank', CAST(:anchor AS text), record_key,
       person_id, valid_from
  FROM entry
  JOIN several USING (household_id)
 WHERE is_head

-- name: say_two_grids
-- Persons on one list of two grids in a quarter; each grid's newest submission of the list speaks.
INSERT INTO _said (kind, subject, attribute, person_id, rank, weigh, dataset, record_key, value, valid_from, delivery_id,
                   sheet, row_no, version_at, said_for, unit_code)
WITH counted AS (
    SELECT DISTINCT ON (b.dataset, b.unit_code) b.batch_id, b.unit_code, b.period, d.version_at
      FROM quality.batch b
      JOIN landing.delivery d USING (delivery_id)
      JOIN warehouse.submitted_dataset s ON s.street_code = b.street_code AND s.dataset = b.dataset AND s.is_owed
     WHERE b.street_code = :street AND b.period = :period AND b.status = 'merged' AND b.unit_code IS NOT NULL
     ORDER BY b.dataset, b.unit_code, d.version_at DESC, b.delivery_id DESC
), listed AS (
    SELECT o.dataset, coalesce(p.person_id, o.person_id) AS person_id, o.record_key, o.effective_from, o.delivery_id,
           o.sheet, o.row_no, c.version_at, c.period, c.unit_code
      FROM counted c
      JOIN warehouse.observation o USING (batch_id)
      LEFT JOIN identity.record_person p
        ON p.street_code = o.street_code AND p.dataset = o.dataset AND p.record_key = o.record_key
     WHERE o.is_active
), twice AS (
    SELECT dataset, person_id
      FROM listed
     GROUP BY dataset, person_id
    HAVING min(unit_code) <> max(unit_code)
)
SELECT 'two_grids', person_id, 'grid', person_id, 1, 'newest', dataset, record_key, unit_code, effective_from, delivery_id,
       sheet, row_no, version_at, period, unit_code
  FROM listed
  JOIN twice USING (dataset, person_id)

-- name: say_gone
-- Persons on a grid's list whom another dataset reports as deceased or moved away, as the list's contract names it.
-- The list counts until somebody settles it.
INSERT INTO _said (kind, subject, attribute, person_id, rank, weigh, dataset, record_key, value, valid_from)
WITH rule AS (
    SELECT * FROM jsonb_to_recordset(CAST(:gone AS jsonb)) AS g(list text, shown text, dataset text, "column" text, "values" jsonb)
), gone AS (
    SELECT DISTINCT ON (r.list, k.person_id) r.list, r.shown, k.person_id, k.dataset, k.record_key, k.valid_from,
           k.attrs ->> r."column" AS value
      FROM rule r
      JOIN warehouse.record k
        ON k.is_current AND NOT k.is_active AND k.street_code = :street AND k.dataset = r.dataset
       AND k.valid_from <= :day AND :day < k.valid_to AND r."values" ? (k.attrs ->> r."column")
     WHERE NOT EXISTS (SELECT FROM warehouse.record h
                        WHERE h.is_current AND h.is_active AND h.street_code = :street AND h.dataset = r.dataset
                          AND h.person_id = k.person_id AND h.valid_from <= :day AND :day < h.valid_to)
     ORDER BY r.list, k.person_id, k.valid_from DESC, k.record_key
), listed AS (
    SELECT g.*, l.record_key AS list_key, l.valid_from AS list_from, l.attrs ->> g.shown AS list_value
      FROM gone g
      JOIN warehouse.record l
        ON l.is_current AND l.is_active AND l.street_code = :street AND l.dataset = g.list AND l.person_id = g.person_id
       AND l.valid_from <= :day AND :day < l.valid_to
)
SELECT DISTINCT 'gone', person_id, 'presence', person_id, side.rank, 'rank', side.dataset, side.record_key, side.value,
       side.valid_from
  FROM listed
 CROSS JOIN LATERAL (VALUES (1, list, list_key, coalesce(list_value, ''), list_from),
                            (2, dataset, record_key, value, valid_from)) AS side(rank, dataset, record_key, value, valid_from)

-- name: date_claims
-- A claim is as old as the newest delivery that says it, which is not the first one where nothing changed.
UPDATE _said s SET (delivery_id, sheet, row_no, version_at, said_for, unit_code) = (
    SELECT o.delivery_id, o.sheet, o.row_no, o.version_at, b.period, b.unit_code
      FROM warehouse.observation o
      JOIN quality.batch b USING (batch_id)
     WHERE o.street_code = :street AND o.dataset = s.dataset AND o.record_key = s.record_key AND o.effective_from <= :day
     ORDER BY o.effective_from DESC, o.version_at DESC, o.delivery_id DESC
     LIMIT 1)
 WHERE s.delivery_id IS NULL

-- name: weigh
INSERT INTO _found
WITH dated AS (
    SELECT *, max(version_at) OVER (PARTITION BY kind, subject, attribute) AS newest_at,
           min(rank) OVER (PARTITION BY kind, subject, attribute) AS best_rank
      FROM _said
), ordered AS (
    SELECT *, row_number() OVER (
                  PARTITION BY kind, subject, attribute
                  ORDER BY mart.claim_weight(weigh, within_quarters, rank, version_at, newest_at), valid_from DESC,
                           dataset, record_key, delivery_id) AS place
      FROM dated
), conflict AS (
    SELECT kind, subject, attribute, max(version_at) AS said_at,
           min(value) FILTER (WHERE place = 1) AS value, min(dataset) FILTER (WHERE place = 1) AS chosen_dataset,
           CASE WHEN kind IN ('id_shared', 'two_heads') THEN 'undecided'
                WHEN min(weigh) = 'newest' THEN 'newest'
                WHEN min(rank) FILTER (WHERE place = 1) > min(best_rank) THEN 'recency:' || min(dataset) FILTER (WHERE place = 1)
                ELSE 'authority:' || min(dataset) FILTER (WHERE place = 1) END AS rule,
           md5(string_agg(DISTINCT (dataset || '=' || value) COLLATE "C", '|'
                          ORDER BY (dataset || '=' || value) COLLATE "C")) AS basis,
           jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'dataset', dataset, 'value', value,
               'said_at', to_char(version_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS"Z"'), 'said_for', said_for,
               'unit', unit_code, 'delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) ORDER BY place) AS claims
      FROM ordered
     GROUP BY kind, subject, attribute
)
SELECT CAST(:street AS text), CAST(:period AS text),
       'D' || left(md5(concat_ws('|', CAST(:street AS text), CAST(:period AS text), kind, subject, attribute)), 16), kind, subject,
       CASE WHEN kind <> 'two_heads' THEN subject END, attribute, claims, basis,
       CASE WHEN rule <> 'undecided' THEN value END, chosen_dataset, rule, rule, 'department',
       coalesce((SELECT s.source
                   FROM jsonb_array_elements(claims) WITH ORDINALITY c(claim, place)
                   JOIN _source s ON s.dataset = c.claim ->> 'dataset' AND NOT s.is_submitted
                  ORDER BY c.place LIMIT 1),
                (SELECT source FROM _source WHERE dataset = chosen_dataset)),
       CAST('{}' AS text[]), NULL, 'open', NULL, NULL, NULL,
       greatest(CAST(:day AS date), (said_at AT TIME ZONE 'Asia/Shanghai')::date)
  FROM conflict

-- name: ask
-- The grids whose own lists have the person and ask for the attribute settle it; the most trusted list's first.
UPDATE _found f SET asked = g.grids, owner = g.grids[1], owner_kind = 'grid'
  FROM (SELECT kind, subject, attribute, array_agg(grid ORDER BY rank, grid) AS grids
          FROM (SELECT f.kind, f.subject, f.attribute, coalesce(c.grid_code, d.unit_code) AS grid,
                       min(coalesce(a.rank, 1000)) AS rank
                  FROM _found f
                  JOIN _asks q USING (kind, attribute)
                  JOIN warehouse.record l
                    ON l.is_current AND l.is_active AND l.street_code = :street AND l.dataset = q.dataset
                   AND l.person_id = f.subject AND l.valid_from <= :day AND :day < l.valid_to
                  JOIN landing.delivery d USING (delivery_id)
                  LEFT JOIN warehouse.courtyard c ON c.courtyard_code = l.courtyard_code
                  LEFT JOIN warehouse.authority a ON a.street_code = :street AND a.attribute = f.attribute AND a.dataset = q.dataset
                  LEFT JOIN warehouse.key_group g ON g.street_code = :street AND g.dataset = q.dataset AND g.birth_window IS NOT NULL
                 WHERE f.period = :period
                   -- those whom the list's age window has left stand in no workbook
                   AND (mart.too_old_on(l.attrs ->> (g.birth_window ->> 'column'), g.birth_window ->> 'turns_on',
                                        (g.birth_window ->> 'years')::int) <= :next_day) IS NOT TRUE
                 GROUP BY 1, 2, 3, 4
                 UNION ALL
                SELECT 'two_grids', subject, attribute, unit_code, rank() OVER (ORDER BY max(version_at) DESC)
                  FROM _said
                 WHERE kind = 'two_grids'
                 GROUP BY subject, attribute, unit_code) listed
         WHERE grid IS NOT NULL
         GROUP BY kind, subject, attribute) g
 WHERE f.period = :period AND g.kind = f.kind AND g.subject = f.subject AND g.attribute = f.attribute

-- name: clear_said
TRUNCATE _said

-- name: department_days
SELECT DISTINCT since FROM _found WHERE due_on IS NULL AND owner_kind = 'department'

-- name: set_due
UPDATE _found f SET due_on = d.due_on
  FROM _due d
 WHERE f.due_on IS NULL AND d.owner_kind = f.owner_kind AND d.since = CASE f.owner_kind WHEN 'grid' THEN CAST(:day AS date) ELSE f.since END

-- name: add_other_quarters
-- Conflicts of quarters that this run does not bear upon, as they stood before anybody settled them.
INSERT INTO _found
SELECT street_code, period, discrepancy_id, kind, subject, person_id, attribute, claims, basis,
       CASE WHEN weighed_by <> 'undecided' THEN claims -> 0 ->> 'value' END, chosen_dataset, weighed_by, weighed_by,
       owner_kind, owner, asked, due_on, 'open', NULL, NULL, NULL, NULL
  FROM warehouse.discrepancy
 WHERE street_code = :street AND superseded_at = 'infinity' AND period <> ALL(:periods)

-- name: settle
UPDATE _found f SET value = s.value, rule = s.how, status = 'settled', settled_how = s.how, settled_by = s.delivery_id,
                    settled_at = s.received_at
  FROM _settlement s
 WHERE s.subject = f.subject AND s.attribute = f.attribute AND s.basis = f.basis

-- name: settle_with_next
-- What is settled in the next quarter is settled here too, by the same.
UPDATE _found f SET status = 'settled', settled_how = n.settled_how, settled_by = n.settled_by, settled_at = n.settled_at
  FROM _found n
 WHERE f.period = :period AND f.status = 'open' AND n.period = :next AND n.status = 'settled'
   AND n.kind = f.kind AND n.subject = f.subject AND n.attribute = f.attribute

-- name: settle_agreed
-- No conflict any more at the end of the next quarter: settled by the newest record that says something else than it did.
UPDATE _found f SET status = 'settled', settled_how = 'agreed', settled_by = c.delivery_id, settled_at = c.received_at
  FROM (SELECT DISTINCT ON (f.discrepancy_id) f.discrepancy_id, d.delivery_id, d.received_at
          FROM _found f
         CROSS JOIN LATERAL jsonb_to_recordset(f.claims) AS said(dataset text, value text)
          JOIN warehouse.record k
            ON k.is_current AND k.street_code = :street AND k.dataset = said.dataset
           AND k.person_id = CASE WHEN f.kind IN ('id_shared', 'two_heads') THEN said.value ELSE f.subject END
           AND k.valid_from > :day AND k.valid_from <= :next_day AND :next_day < k.valid_to
          JOIN landing.delivery d USING (delivery_id)
         WHERE f.period = :period AND f.status = 'open'
           AND (f.kind <> 'claim' OR NOT k.is_active
                OR CASE f.attribute WHEN 'courtyard_code' THEN k.courtyard_code ELSE k.attrs ->> f.attribute END
                   IS DISTINCT FROM said.value)
           AND NOT EXISTS (SELECT FROM _found n
                            WHERE n.period = :next AND n.kind = f.kind AND n.subject = f.subject AND n.attribute = f.attribute)
         ORDER BY f.discrepancy_id, d.version_at DESC, d.delivery_id DESC) c
 WHERE f.discrepancy_id = c.discrepancy_id

-- name: settle_lists
-- A person whom one grid lists no longer: the newest submission of the grids that did settled it.
UPDATE _found f SET status = 'settled', settled_how = 'agreed', settled_by = c.delivery_id, settled_at = c.received_at
  FROM (SELECT DISTINCT ON (f.discrepancy_id) f.discrepancy_id, d.delivery_id, d.received_at
          FROM _found f
         CROSS JOIN LATERAL jsonb_to_recordset(f.claims) AS said(dataset text, unit text)
          JOIN quality.batch b
            ON b.street_code = :street AND b.dataset = said.dataset AND b.unit_code = said.unit AND b.period = :next
           AND b.status = 'merged'
          JOIN landing.delivery d USING (delivery_id)
         WHERE f.period = :period AND f.status = 'open' AND f.kind = 'two_grids'
           AND NOT EXISTS (SELECT FROM _found n WHERE n.period = :next AND n.kind = f.kind AND n.subject = f.subject)
         ORDER BY f.discrepancy_id, d.version_at DESC, d.delivery_id DESC) c
 WHERE f.discrepancy_id = c.discrepancy_id

-- name: learned
-- When the warehouse learned the last thing that it knows.
SELECT max(d.received_at)
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'merged'

-- name: decided_otherwise
-- Later quarters in which a conflict came, went, or has another outcome: forms show the value that won.
SELECT DISTINCT coalesce(f.period, d.period)
  FROM _found f
  FULL JOIN (SELECT * FROM warehouse.discrepancy
              WHERE street_code = :street AND superseded_at = 'infinity') d USING (discrepancy_id)
 WHERE (f.discrepancy_id IS NULL OR d.discrepancy_id IS NULL OR f.value IS DISTINCT FROM d.value)
   AND coalesce(f.kind, d.kind) = 'claim' AND coalesce(f.period, d.period) > :quarter

-- name: find_same
CREATE TEMP TABLE _same_found ON COMMIT DROP AS
SELECT f.discrepancy_id
  FROM _found f
  JOIN warehouse.discrepancy d ON d.superseded_at = 'infinity' AND d.discrepancy_id = f.discrepancy_id
 WHERE (d.claims, d.basis, d.value, d.chosen_dataset, d.weighed_by, d.rule, d.owner_kind, d.owner, d.asked, d.due_on,
        d.status, d.settled_how, d.settled_by, d.settled_at)
       IS NOT DISTINCT FROM
       (f.claims, f.basis, f.value, f.chosen_dataset, f.weighed_by, f.rule, f.owner_kind, f.owner, f.asked, f.due_on,
        f.status, f.settled_how, f.settled_by, f.settled_at)

-- name: never_known
-- A belief superseded at the moment it was recorded was never known to anybody.
DELETE FROM warehouse.discrepancy d
 WHERE d.street_code = :street AND d.superseded_at = 'infinity' AND d.recorded_at >= :learned
   AND NOT EXISTS (SELECT FROM _same_found s WHERE s.discrepancy_id = d.discrepancy_id)

-- name: supersede
UPDATE warehouse.discrepancy d SET superseded_at = :learned
 WHERE d.street_code = :street AND d.superseded_at = 'infinity'
   AND NOT EXISTS (SELECT FROM _same_found s WHERE s.discrepancy_id = d.discrepancy_id)

-- name: believe
INSERT INTO warehouse.discrepancy (
    street_code, period, discrepancy_id, kind, subject, person_id, attribute, claims, basis, value, chosen_dataset,
    weighed_by, rule, owner_kind, owner, asked, due_on, status, settled_how, settled_by, settled_at, recorded_at)
SELECT f.street_code, f.period, f.discrepancy_id, f.kind, f.subject, f.person_id, f.attribute, f.claims, f.basis, f.value,
       f.chosen_dataset, f.weighed_by, f.rule, f.owner_kind, f.owner, f.asked, f.due_on, f.status, f.settled_how,
       f.settled_by, f.settled_at, :learned
  FROM _found f
 WHERE NOT EXISTS (SELECT FROM _same_found s WHERE s.discrepancy_id = f.discrepancy_id)

-- name: standing
SELECT count(*) FROM _found WHERE period = ANY(:periods) AND status = 'open'
