-- What a handover pack holds, as believed now: `units` are the codes of the unit and all below it.

-- name: people
SELECT courtyard_code, count(DISTINCT household_id) AS households, count(DISTINCT coalesce(person_id, record_key)) AS persons
  FROM warehouse.record
 WHERE is_current AND street_code = :street AND dataset = :anchor AND courtyard_code = ANY(:courtyards)
   AND is_active AND valid_from <= :day AND valid_to > :day
 GROUP BY courtyard_code

-- name: has_tags
SELECT to_regclass('mart.courtyard_tag') IS NOT NULL

-- name: tags
SELECT courtyard_code, string_agg(title, '、' ORDER BY tag) AS tags
  FROM mart.courtyard_tag
 WHERE street_code = :street AND courtyard_code = ANY(:courtyards)
   AND period = (SELECT max(period) FROM mart.courtyard_tag WHERE street_code = :street AND period <= :quarter)
 GROUP BY courtyard_code

-- name: members
SELECT DISTINCT ON (m.title, coalesce(m.person_id, m.record_key))
       m."group", m.title, m.dataset, m.record_key, m.courtyard_code, m.valid_from, r.attrs, r.sealed, r.building, r.unit_no,
       r.room
  FROM mart.key_group_member m
  JOIN warehouse.record r
    ON r.is_current AND r.street_code = m.street_code AND r.dataset = m.dataset AND r.record_key = m.record_key
   AND r.valid_from = m.valid_from
 WHERE m.street_code = :street AND m.courtyard_code = ANY(:courtyards) AND m.valid_from <= :day AND m.valid_to > :day
 ORDER BY m.title, coalesce(m.person_id, m.record_key), m.valid_from DESC, m.record_key

-- name: items
SELECT matter, item, title, person_id, courtyard_code, unit_code, since, due_on, answers_unit, answers_post
  FROM mart.open_item_on(:day)
 WHERE street_code = :street AND unit_code = ANY(:units)
 ORDER BY due_on NULLS LAST, since, matter, item

-- name: names
SELECT DISTINCT ON (r.person_id) r.person_id, r.attrs ->> 'name' AS name
  FROM warehouse.record r
  JOIN warehouse.authority a ON a.street_code = r.street_code AND a.attribute = 'name' AND a.dataset = r.dataset
 WHERE r.is_current AND r.person_id = ANY(:persons) AND r.attrs ->> 'name' IS NOT NULL
 ORDER BY r.person_id, r.is_active DESC, a.rank, r.valid_from DESC, r.record_key

-- name: promised
-- Measures and time limits of what is not closed, and claims of projects that are not done.
SELECT DISTINCT ON (r.dataset, r.record_key) r.dataset, r.record_key, r.attrs, r.courtyard_code
  FROM warehouse.record r
 WHERE r.is_current AND r.street_code = :street
   AND ((r.dataset IN ('hazards', 'disputes') AND r.courtyard_code = ANY(:courtyards)) OR r.dataset = 'party_projects')
 ORDER BY r.dataset, r.record_key, r.valid_from DESC

-- name: changes
-- Each entry of the register against what it said before; the first load of all is no change.
WITH said AS (
    SELECT record_key, valid_from, is_active, courtyard_code, building, unit_no, room, attrs ->> 'name' AS name,
           attrs ->> 'status' AS status,
           lag(is_active) OVER w AS was_active, lag(courtyard_code) OVER w AS was_in, lag(attrs ->> 'name') OVER w AS was_named,
           min(valid_from) OVER () AS began_on
      FROM warehouse.record
     WHERE is_current AND street_code = :street AND dataset = :anchor
    WINDOW w AS (PARTITION BY record_key ORDER BY valid_from)
), told AS (
    SELECT *, CASE WHEN is_active AND was_active IS NULL THEN 'came'
                   WHEN is_active AND NOT was_active THEN 'returned'
                   WHEN NOT is_active AND was_active THEN CASE status WHEN 'deceased' THEN 'died' ELSE 'left' END
                   WHEN is_active AND was_in <> courtyard_code THEN 'moved'
                   WHEN is_active AND was_named <> name THEN 'renamed' END AS kind
      FROM said
     WHERE valid_from > began_on AND valid_from BETWEEN :since AND :day
)
SELECT kind, valid_from, name, was_named, CASE WHEN was_active THEN was_in END AS was_in,
       CASE WHEN is_active THEN courtyard_code END AS now_in, building, unit_no, room
  FROM told
 WHERE kind IS NOT NULL AND (courtyard_code = ANY(:courtyards) OR was_in = ANY(:courtyards))
 ORDER BY valid_from DESC, kind, coalesce(courtyard_code, was_in), room, name, record_key

-- name: submissions
SELECT period, unit_name, dataset_title, status, is_late, is_restatement, days_late, rows_accepted, rows_quarantined,
       (sent_at AT TIME ZONE 'Asia/Shanghai')::date AS sent_on, due_on
  FROM mart.submission_status
 WHERE street_code = :street AND unit_code = ANY(:units) AND period = ANY(:quarters)
 ORDER BY period DESC, unit_code, dataset

-- name: audited
INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'handover', :object)
