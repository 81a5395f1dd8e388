-- Batches whose addresses mean something else now are taken back, read again from their landed bytes, and go on as
-- if the register and the decisions of today had been there from the start.

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('identity'), hashtext(:street))

-- name: known
SELECT fingerprint FROM identity.gazetteer WHERE street_code = :street

-- name: note
INSERT INTO identity.gazetteer (street_code, fingerprint) VALUES (:street, :fingerprint)
ON CONFLICT (street_code) DO UPDATE SET fingerprint = excluded.fingerprint

-- name: set_aside
SELECT q.batch_id, q.sheet, q.row_no, q.address, b.period
  FROM quality.quarantined_row q
  JOIN quality.batch b USING (batch_id)
 WHERE b.street_code = :street AND b.status = 'merged' AND q.address IS NOT NULL

-- name: in_doubt
-- Rows that were kept without a courtyard or without all of the place in it, or in a courtyard that has a history. What is placed by a
-- courtyard's code is not asked.
SELECT o.batch_id, o.attrs ->> :address AS address, o.courtyard_code, o.building, o.unit_no, o.room, b.period
  FROM warehouse.observation o
  JOIN quality.batch b USING (batch_id)
 WHERE o.street_code = :street AND o.dataset = :dataset AND b.status = 'merged'
   AND (num_nulls(o.courtyard_code, o.building, o.unit_no, o.room) > 0 OR o.courtyard_code = ANY(:changed))
   AND o.attrs ? :address AND coalesce(o.attrs ->> 'address_id', '') = ''

-- name: deliveries
SELECT DISTINCT d.* FROM landing.delivery d JOIN quality.batch b USING (delivery_id) WHERE b.batch_id = ANY(:batches)

-- name: take_back
INSERT INTO identity.reopened (batch_id, street_code, delivery_id, period, unit_code)
SELECT batch_id, street_code, delivery_id, period, unit_code FROM quality.batch
 WHERE batch_id = ANY(:batches) AND delivery_id = ANY(:deliveries)
ON CONFLICT DO NOTHING

-- name: make_said
-- What other batches still say of the records that the ones taken back spoke of.
CREATE TEMP TABLE _said ON COMMIT DROP AS
WITH observed AS (
    SELECT o.dataset, o.batch_id, o.effective_from, o.courtyard_code, o.building, o.unit_no, o.room,
           CASE WHEN o.dataset = ANY(:period_datasets) THEN substr(o.record_key, strpos(o.record_key, '/') + 1)
                ELSE o.record_key END AS record_key,
           o.attrs ->> n.name AS name, o.attrs ->> n.phone AS phone_token, r.batch_id IS NOT NULL AS is_back
      FROM warehouse.observation o
      JOIN unnest(CAST(:datasets AS text[]), CAST(:names AS text[]), CAST(:phones AS text[])) AS n(dataset, name, phone)
     USING (dataset)
      LEFT JOIN identity.reopened r ON r.batch_id = o.batch_id
     WHERE o.street_code = :street
)
SELECT * FROM observed WHERE (dataset, record_key) IN (SELECT dataset, record_key FROM observed WHERE is_back)

-- name: forget_evidence
-- It is stated anew when the rows are linked again.
DELETE FROM identity.evidence e
 USING (SELECT DISTINCT dataset, record_key FROM _said WHERE is_back) k
 WHERE e.street_code = :street AND e.dataset = k.dataset AND e.record_key = k.record_key
   AND NOT EXISTS (SELECT FROM _said s
                    WHERE NOT s.is_back AND s.dataset = e.dataset AND s.record_key = e.record_key
                      AND (s.name, s.phone_token, s.courtyard_code, s.building, s.unit_no, s.room)
                          IS NOT DISTINCT FROM (e.name, e.phone_token, e.courtyard_code, e.building, e.unit_no, e.room))

-- name: postdate_evidence
UPDATE identity.evidence e SET first_from = s.first_from
  FROM (SELECT dataset, record_key, name, phone_token, courtyard_code, building, unit_no, room,
               min(effective_from) AS first_from
          FROM _said WHERE NOT is_back GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) s
 WHERE e.street_code = :street AND e.dataset = s.dataset AND e.record_key = s.record_key AND e.first_from < s.first_from
   AND (s.name, s.phone_token, s.courtyard_code, s.building, s.unit_no, s.room)
       IS NOT DISTINCT FROM (e.name, e.phone_token, e.courtyard_code, e.building, e.unit_no, e.room)

-- name: drop_batches
-- Their observations stay until the merge has the new ones.
DELETE FROM quality.batch b USING identity.reopened r WHERE r.batch_id = b.batch_id AND r.street_code = :street

-- name: waiting
SELECT DISTINCT delivery_id FROM identity.reopened WHERE street_code = :street

-- name: put_back
-- Whose and of when a batch is was decided when it came; this run works on it.
UPDATE quality.batch b
   SET period = r.period, unit_code = r.unit_code,
       came_for = CASE WHEN d.period = ANY(:periods) THEN NULL ELSE :quarter END
  FROM identity.reopened r
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.batch_id = r.batch_id AND r.street_code = :street AND b.status = 'parsed'

-- name: done
DELETE FROM identity.reopened WHERE street_code = :street
