-- What must be run again: quarters whose forms look at days of which something else is believed now.
-- Names that begin with _ are temporary tables of the one transaction.

-- name: built
SELECT quarter FROM warehouse.quarter_run WHERE street_code = :street AND outcome IN ('done', 'held')
 UNION
SELECT period FROM publish.publication WHERE street_code = :street AND period ~ '^[0-9]{4}Q[1-4]$'

-- name: is_running
SELECT EXISTS (SELECT FROM warehouse.quarter_run
                WHERE street_code = :street AND quarter = :quarter AND token = :token AND outcome = 'running')

-- name: make_changed
CREATE TEMP TABLE _changed (
    dataset text, record_key text, valid_from date, valid_to date, row_hash uuid, person_id text, household_id text,
    delivery_id text, sign int
) ON COMMIT DROP

-- name: note_old
-- What `supersede` or `drop_unknown` is about to end.
INSERT INTO _changed
SELECT k.dataset, k.record_key, k.valid_from, k.valid_to, k.row_hash, k.person_id, k.household_id, k.delivery_id, -1
  FROM warehouse.record k
  JOIN _now t USING (dataset, record_key)
 WHERE k.is_current AND k.street_code = :street
   AND NOT EXISTS (SELECT FROM _same s
                    WHERE s.dataset = k.dataset AND s.record_key = k.record_key AND s.valid_from = k.valid_from)

-- name: note_new
INSERT INTO _changed
SELECT k.dataset, k.record_key, k.valid_from, k.valid_to, k.row_hash, k.person_id, k.household_id, k.delivery_id, 1
  FROM warehouse.record k
  JOIN _now t USING (dataset, record_key)
 WHERE k.is_current AND k.street_code = :street
   AND NOT EXISTS (SELECT FROM _same s
                    WHERE s.dataset = k.dataset AND s.record_key = k.record_key AND s.valid_from = k.valid_from)

-- name: touched
-- A quarter sees of a record the stretches that reach into its days, each until the quarter's end: how long one goes
-- on after that shows in none of its forms. What was written and taken back in between cancels out.
WITH seen AS (
    SELECT w.quarter, c.dataset, c.record_key, array_agg(c.delivery_id) FILTER (WHERE c.sign = 1) AS deliveries
      FROM jsonb_to_recordset(CAST(:windows AS jsonb)) AS w (quarter text, dataset text, since date, until date)
      JOIN _changed c ON c.dataset = w.dataset AND c.valid_from < w.until AND c.valid_to > w.since
     GROUP BY w.quarter, c.dataset, c.record_key, c.valid_from, least(c.valid_to, w.until), c.row_hash, c.person_id,
              c.household_id
    HAVING sum(c.sign) <> 0
)
SELECT s.quarter, coalesce(array_agg(DISTINCT d.delivery) FILTER (WHERE d.delivery IN (SELECT delivery_id FROM _batch)), '{}')
  FROM seen s
  LEFT JOIN LATERAL unnest(s.deliveries) AS d (delivery) ON true
 GROUP BY s.quarter

-- name: merged
SELECT DISTINCT delivery_id, period FROM _batch ORDER BY delivery_id

-- name: ask
INSERT INTO warehouse.follow_on (street_code, quarter, because_of, because_token, delivery_ids)
SELECT :street, :quarter, :because_of, :token, CAST(:deliveries AS text[])
 WHERE NOT EXISTS (SELECT FROM warehouse.follow_on
                    WHERE street_code = :street AND quarter = :quarter AND because_of = :because_of
                      AND because_token IS NOT DISTINCT FROM CAST(:token AS bigint) AND settled_at IS NULL
                      AND delivery_ids @> CAST(:deliveries AS text[]))

-- name: due_numbers
SELECT follow_on_no FROM warehouse.follow_on WHERE street_code = :street AND quarter = :quarter AND settled_at IS NULL

-- name: settle
UPDATE warehouse.follow_on SET settled_at = clock_timestamp(), settled_token = :token
 WHERE follow_on_no = ANY(:numbers) AND settled_at IS NULL

-- name: due
SELECT f.quarter, min(f.follow_on_no) AS number, min(f.asked_at) AS asked_at,
       array_agg(DISTINCT f.because_of ORDER BY f.because_of) AS because_of,
       array_agg(DISTINCT d.delivery_id ORDER BY d.delivery_id) FILTER (WHERE d.delivery_id IS NOT NULL) AS delivery_ids,
       array_agg(DISTINCT d.source ORDER BY d.source) FILTER (WHERE d.source IS NOT NULL) AS sources
  FROM warehouse.follow_on f
  LEFT JOIN landing.delivery d ON d.delivery_id = ANY(f.delivery_ids)
 WHERE f.street_code = :street AND f.settled_at IS NULL
 GROUP BY f.quarter
 ORDER BY f.quarter
