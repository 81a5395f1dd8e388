-- Receipts of submitted sources become submissions, and their batches follow what was decided.

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('admit'), hashtext(:street))

-- name: keep_content
-- What a submission said outlives its staged rows, so that the next one can be compared with it. A cell that
-- was not understood counts by its problem; rows and cells that lie elsewhere are the same content.
INSERT INTO submissions.content (delivery_id, dataset, sheet, row_no, record_key, row_hash)
SELECT b.delivery_id, r.dataset, r.sheet, r.row_no, r.record_key,
       md5(concat_ws('|', r.row_hash,
           (SELECT string_agg(concat_ws('=', p ->> 'column', p ->> 'code'), ',' ORDER BY p ->> 'column', p ->> 'code')
              FROM jsonb_array_elements(r.problems) p
             WHERE p ->> 'column' IS NOT NULL AND NOT r.attrs ? (p ->> 'column'))))::uuid
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
  JOIN staging.row r USING (batch_id)
 WHERE b.street_code = :street AND b.status = 'parsed' AND d.source = ANY(:sources)
ON CONFLICT DO NOTHING

-- name: papers
SELECT r.receipt_id, r.delivery_id, r.channel, r.period AS arrived_for, r.name, r.received_at,
       least(coalesce(r.sent_at, d.version_at), r.received_at) AS sent_at, d.source, d.version_at, d.sha256,
       CASE WHEN r.receipt_id = (SELECT min(f.receipt_id) FROM landing.receipt f WHERE f.delivery_id = r.delivery_id)
            THEN d.unit_code END AS unit_code
  FROM landing.receipt r
  JOIN landing.delivery d USING (delivery_id)
 WHERE d.street_code = :street AND d.source = ANY(:sources) AND r.period = ANY(:periods)
   AND NOT EXISTS (SELECT FROM submissions.submission s WHERE s.receipt_id = r.receipt_id)
   AND EXISTS (SELECT FROM quality.batch b WHERE b.delivery_id = r.delivery_id)
 ORDER BY sent_at, r.receipt_id

-- name: contents
-- Of each delivery: its batches, and one hash over its rows by dataset and the marks 本季度无 and 无变化.
SELECT d.delivery_id, bool_and(b.status = 'rejected') AS is_rejected,
       jsonb_agg(b.metadata ORDER BY b.batch_id) AS metadata,
       (array_agg(b.reason ORDER BY b.batch_id) FILTER (WHERE b.reason <> ''))[1] AS reason,
       (SELECT f.code FROM quality.finding f JOIN quality.batch o USING (batch_id)
         WHERE o.delivery_id = d.delivery_id AND f.severity = 'error' AND f.row_no IS NULL
         ORDER BY f.finding_id LIMIT 1) AS code,
       CASE WHEN sum(b.landed) > 0 AND NOT EXISTS (SELECT FROM submissions.content c WHERE c.delivery_id = d.delivery_id)
            THEN d.sha256
            WHEN bool_and(b.status = 'rejected') THEN d.sha256
            ELSE encode(sha256(convert_to(
                string_agg(concat_ws('|', b.dataset, b.is_nil, b.is_unchanged, nullif(b.status, 'parsed'),
                                     (SELECT string_agg(c.row_hash::text, ',' ORDER BY c.row_hash::text COLLATE "C")
                                        FROM submissions.content c
                                       WHERE c.delivery_id = b.delivery_id AND c.dataset = b.dataset)),
                           E'\n' ORDER BY b.dataset COLLATE "C"), 'UTF8')), 'hex') END AS content_hash
  FROM landing.delivery d
  JOIN quality.batch b USING (delivery_id)
 WHERE d.delivery_id = ANY(:deliveries)
 GROUP BY d.delivery_id

-- name: known
-- What was found out about bytes that came before: their batches have moved on since.
SELECT DISTINCT ON (delivery_id) delivery_id, content_hash, code, reason
  FROM submissions.submission WHERE delivery_id = ANY(:deliveries) ORDER BY delivery_id, receipt_id

-- name: entries
-- What these units have handed in so far, refusals apart.
SELECT s.receipt_id, s.delivery_id, s.unit_code, s.period, s.arrived_for, d.version_at, s.content_hash,
       s.code = '' OR s.code LIKE 'submission.%' AS is_readable,
       EXISTS (SELECT FROM quality.batch b WHERE b.delivery_id = s.delivery_id AND b.status = 'merged') AS is_merged,
       s.kind, s.related_receipt
  FROM submissions.submission s
  JOIN landing.delivery d USING (delivery_id)
 WHERE s.street_code = :street AND s.unit_code = ANY(:units) AND s.kind <> 'misdirected'

-- name: was_refused
-- Deliveries that were set aside before and are not yet counted: their rows are no longer there.
SELECT DISTINCT s.delivery_id
  FROM submissions.submission s
 WHERE s.delivery_id = ANY(:deliveries) AND s.kind IN ('misdirected', 'duplicate')
   AND NOT EXISTS (SELECT FROM submissions.submission o
                    WHERE o.delivery_id = s.delivery_id AND o.kind IN ('first', 'correction'))
   AND NOT EXISTS (SELECT FROM quality.batch b
                    WHERE b.delivery_id = s.delivery_id AND b.status NOT IN ('rejected', 'superseded'))

-- name: drop_batches
DELETE FROM quality.batch WHERE delivery_id = ANY(:deliveries)

-- name: changes
-- What one submission says otherwise than another: how many rows of each dataset, and where they stand.
WITH said AS (
    SELECT DISTINCT ON (c.delivery_id, c.dataset, coalesce(c.record_key, c.row_hash::text))
           c.delivery_id, c.dataset, coalesce(c.record_key, c.row_hash::text) AS key, c.row_hash, c.sheet, c.row_no
      FROM submissions.content c
     WHERE c.delivery_id IN (:new, :old)
       AND NOT EXISTS (SELECT FROM quality.batch b
                        WHERE b.delivery_id = :new AND b.dataset = c.dataset AND b.status = 'rejected')
     ORDER BY c.delivery_id, c.dataset, coalesce(c.record_key, c.row_hash::text), c.sheet, c.row_no DESC
)
SELECT coalesce(n.dataset, o.dataset) AS dataset,
       CASE WHEN o.key IS NULL THEN 'added' WHEN n.key IS NULL THEN 'removed' ELSE 'changed' END AS change,
       count(*) AS rows,
       (array_agg(coalesce(n.sheet, o.sheet) || '!' || coalesce(n.row_no, o.row_no)
                  ORDER BY coalesce(n.sheet, o.sheet), coalesce(n.row_no, o.row_no)))[1:(:most)] AS places
  FROM (SELECT * FROM said WHERE delivery_id = :new) n
  FULL JOIN (SELECT * FROM said WHERE delivery_id = :old) o USING (dataset, key)
 WHERE n.row_hash IS DISTINCT FROM o.row_hash
 GROUP BY 1, 2
 ORDER BY 1, 2

-- name: unchanged_copy
-- Whether rows stand in it that its sender did not confirm as unchanged.
SELECT EXISTS (SELECT FROM quality.batch b
                WHERE b.delivery_id = :new AND b.landed > 0 AND NOT b.is_unchanged AND b.status <> 'rejected')

-- name: enter
INSERT INTO submissions.submission (
    receipt_id, delivery_id, street_code, period, arrived_for, unit_code, channel, sent_at, kind, status, code, reason,
    related_receipt, is_late, is_restatement, content_hash, changes)
VALUES (:receipt_id, :delivery_id, :street, :period, :arrived_for, :unit_code, :channel, :sent_at, :kind, :status,
        :code, :reason, :related_receipt, :is_late, :is_restatement, :content_hash, :changes)

-- name: change_place
-- It counts as before, at another place in the line.
UPDATE submissions.submission SET kind = :kind, related_receipt = :related_receipt, changes = :changes
 WHERE receipt_id = :receipt_id

-- name: change_role
UPDATE submissions.submission
   SET kind = :kind, related_receipt = :related_receipt, changes = :changes, status = :status, code = :code,
       reason = :reason
 WHERE receipt_id = :receipt_id

-- name: governing
-- The submission that decides over a delivery's batches: bytes may come more than once, the best of them counts.
CREATE TEMP TABLE _governing ON COMMIT DROP AS
SELECT DISTINCT ON (s.delivery_id)
       s.delivery_id, s.receipt_id, s.unit_code, s.period, s.arrived_for, s.kind, s.code, s.reason, d.version_at,
       d.period AS first_for
  FROM submissions.submission s
  JOIN landing.delivery d USING (delivery_id)
 WHERE s.street_code = :street
   AND s.delivery_id IN (SELECT delivery_id FROM quality.batch
                          WHERE street_code = :street AND status IN ('parsed', 'held'))
 ORDER BY s.delivery_id, s.kind IN ('first', 'correction') DESC, s.kind = 'duplicate' DESC, s.receipt_id

-- name: place
UPDATE quality.batch b
   SET period = g.period, unit_code = g.unit_code, came_for = nullif(g.arrived_for, g.first_for)
  FROM _governing g
 WHERE g.delivery_id = b.delivery_id AND g.kind <> 'misdirected' AND b.status IN ('parsed', 'held')
   AND (b.period, b.unit_code, b.came_for) IS DISTINCT FROM (g.period, g.unit_code, nullif(g.arrived_for, g.first_for))

-- name: refuse
UPDATE quality.batch b SET status = 'rejected', quarantined = b.landed, reason = g.reason
  FROM _governing g
 WHERE g.delivery_id = b.delivery_id AND g.kind = 'misdirected' AND b.status = 'parsed'
RETURNING b.batch_id

-- name: repeat
UPDATE quality.batch b SET status = 'superseded', superseded = b.landed - b.quarantined, held = 0, reason = g.reason
  FROM _governing g
 WHERE g.delivery_id = b.delivery_id AND g.kind = 'duplicate' AND b.status IN ('parsed', 'held')
RETURNING b.batch_id

-- name: replace
-- A newer submission of the unit and quarter that can be read says it anew, dataset by dataset; a sheet that owes
-- nothing and says nothing takes back nothing.
UPDATE quality.batch b
   SET status = 'superseded', superseded = b.landed - b.quarantined, held = 0, reason = '同一网格、同一季度已有更新的报送'
  FROM _governing g
 WHERE g.delivery_id = b.delivery_id AND g.kind IN ('first', 'correction') AND b.status IN ('parsed', 'held')
   AND EXISTS (
       SELECT FROM submissions.submission n
         JOIN landing.delivery d ON d.delivery_id = n.delivery_id
         JOIN quality.batch o ON o.delivery_id = n.delivery_id AND o.dataset = b.dataset
        WHERE n.street_code = :street AND n.unit_code = g.unit_code AND n.period = g.period
          AND n.kind IN ('first', 'correction') AND n.delivery_id <> g.delivery_id
          AND o.status <> 'rejected' AND (o.landed > 0 OR o.dataset <> ALL(:optional))
          AND (d.version_at, d.delivery_id) > (g.version_at, g.delivery_id))
RETURNING b.batch_id

-- name: forget_rows
DELETE FROM staging.row WHERE batch_id = ANY(:batches)

-- name: unread
-- Counted submissions of this quarter's collection whose batches were taken away to be read again.
SELECT DISTINCT s.delivery_id
  FROM submissions.submission s
 WHERE s.street_code = :street AND s.arrived_for = ANY(:periods) AND s.kind IN ('first', 'correction')
   AND NOT EXISTS (SELECT FROM quality.batch b WHERE b.delivery_id = s.delivery_id)
