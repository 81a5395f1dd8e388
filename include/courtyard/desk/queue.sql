-- What waits at the desk. The id of a possible duplicate is made of its two records.

-- name: discrepancies
SELECT d.discrepancy_id AS id, d.kind, d.period, d.due_on, d.owner_kind, d.owner, d.asked, d.attribute, d.claims, d.rule,
       d.value, coalesce(d.person_id, d.household_id) AS subject, d.status, d.settled_how, d.settled_by, d.settled_at,
       d.basis
  FROM mart.discrepancy d
 WHERE d.street_code = :street
   AND (CAST(:id AS text) IS NOT NULL AND d.discrepancy_id = :id
        OR CAST(:id AS text) IS NULL AND d.status = 'open' AND d.period = coalesce(:period, mart.newest_quarter(:street)))
 ORDER BY d.due_on, d.owner, d.discrepancy_id

-- name: reviews
SELECT r.* FROM (
    SELECT 'R' || left(md5(concat_ws('|', left_dataset, left_record, right_dataset, right_record)), 16) AS id,
           left_dataset || '/' || left_record AS left_record, right_dataset || '/' || right_record AS right_record,
           left_person, right_person, reason, score, details, basis, opened_by, status, decision_no
      FROM identity.review
     WHERE street_code = :street) r
 WHERE CAST(:id AS text) IS NOT NULL AND r.id = :id OR CAST(:id AS text) IS NULL AND r.status = 'open'
 ORDER BY r.score DESC NULLS LAST, r.id

-- name: records
-- What each of two records ever said of itself.
SELECT e.dataset || '/' || e.record_key AS record, e.first_from, e.name, e.birth_date, e.courtyard_code, e.building,
       e.unit_no, e.room, e.id_token, e.phone_token
  FROM identity.evidence e
 WHERE e.street_code = :street AND e.dataset || '/' || e.record_key = ANY(:records)
   AND e.dataset = ANY(:datasets)
 ORDER BY 1, e.first_from, e.trait

-- name: since
-- Since when each dataset has said what it says of a person, as believed now.
SELECT dataset, CASE WHEN :attribute = :place THEN courtyard_code ELSE attrs ->> :attribute END AS value,
       min(valid_from) AS since
  FROM warehouse.record
 WHERE street_code = :street AND is_current AND person_id = :person AND dataset = ANY(:datasets)
 GROUP BY 1, 2

-- name: audit
INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)
