-- Answers and decisions, and the questions they are about.

-- name: unknown_references
SELECT DISTINCT o.record_key AS question_ref, b.unit_code, b.period
  FROM warehouse.observation o
  JOIN quality.batch b USING (batch_id)
 WHERE o.street_code = :street AND o.dataset = :answers AND b.unit_code IS NOT NULL
   AND NOT EXISTS (SELECT FROM warehouse.question q WHERE q.question_ref = o.record_key)

-- name: could_be_asked
SELECT f.subject, f.attribute, f.basis, array_agg(DISTINCT c.claim ->> 'value') AS values,
       array_agg(DISTINCT u.unit) AS units
  FROM _found f
 CROSS JOIN LATERAL jsonb_array_elements(f.claims) AS c(claim)
 CROSS JOIN LATERAL unnest(f.asked || (c.claim ->> 'unit')) AS u(unit)
 WHERE f.owner_kind = 'grid' AND u.unit = ANY(:units)
 GROUP BY f.subject, f.attribute, f.basis

-- name: written
-- Answers in words of the grid's own.
SELECT q.question_ref, q.attribute, r.attrs ->> 'value' AS value, b.period
  FROM warehouse.record r
  JOIN warehouse.question q ON q.question_ref = r.record_key
  JOIN quality.batch b ON b.delivery_id = r.delivery_id AND b.dataset = r.dataset
 WHERE r.is_current AND r.street_code = :street AND r.dataset = :answers AND r.valid_to = 'infinity'
   AND r.attrs ->> 'choice' = 'neither' AND r.attrs ? 'value'

-- name: settlements
-- 查不清 settles nothing. What a person decided at the desk goes before any answer.
CREATE TEMP TABLE _settlement ON COMMIT DROP AS
WITH answer AS (
    SELECT q.subject, q.attribute, q.basis, 'grid_answer' AS how, 2 AS place, '' AS number, r.delivery_id, d.received_at, d.version_at AS at,
           CASE r.attrs ->> 'choice' WHEN 'first' THEN q.first_value WHEN 'second' THEN q.second_value
                                     WHEN 'neither' THEN w.value END AS value
      FROM warehouse.record r
      JOIN warehouse.question q ON q.question_ref = r.record_key
      JOIN landing.delivery d USING (delivery_id)
      LEFT JOIN _worded w USING (question_ref)
     WHERE r.is_current AND r.street_code = :street AND r.dataset = :answers AND r.valid_to = 'infinity'
     UNION ALL
    SELECT n.person_id, n.attribute, n.basis, 'desk', 1, n.decision_no, n.delivery_id, d.received_at, n.decided_at, n.value
      FROM identity.decision n
      JOIN landing.delivery d USING (delivery_id)
     WHERE n.street_code = :street AND n.matter = 'claim'
)
SELECT DISTINCT ON (subject, attribute, basis) subject, attribute, basis, how, delivery_id, received_at, value
  FROM answer
 WHERE value IS NOT NULL
 ORDER BY subject, attribute, basis, place, at DESC, number DESC, delivery_id DESC
