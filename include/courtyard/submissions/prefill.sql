-- What stood on the lists of all grids on a day, as believed now.

-- name: listed
-- One person may stand under several record keys (with and without an ID number): what was said last holds.
WITH said AS (
    SELECT DISTINCT ON (dataset, coalesce(person_id, record_key)) *
      FROM warehouse.record
     WHERE is_current AND street_code = :street AND dataset = ANY(:datasets)
       AND valid_from <= :day AND :day < valid_to
     ORDER BY dataset, coalesce(person_id, record_key), valid_from DESC, is_active DESC, recorded_at DESC, record_key DESC
)
SELECT s.dataset, s.record_key, s.attrs, s.sealed, s.person_id, s.household_id, s.courtyard_code, s.building, s.unit_no,
       s.room, d.unit_code AS reported_by
  FROM said s
  JOIN landing.delivery d USING (delivery_id)
 WHERE s.is_active

-- name: claims
SELECT q.subject, q.attribute, q.basis, c.claim ->> 'dataset' AS dataset, c.claim ->> 'value' AS value,
       (c.claim ->> 'said_at')::timestamptz AS version_at
  FROM warehouse.discrepancy q
 CROSS JOIN LATERAL jsonb_array_elements(q.claims) WITH ORDINALITY c(claim, position)
 WHERE q.street_code = :street AND q.period = :period AND q.superseded_at = 'infinity' AND q.status = 'open'
   AND q.owner_kind = 'grid' AND q.subject = ANY(:persons)
 ORDER BY q.subject, q.attribute, c.position
