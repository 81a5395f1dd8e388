-- Why a figure changed: what is believed otherwise for the report's day, and which delivery said so.

-- name: touched
-- Of every record touched between two moments, the version that spoke for the day before and after.
WITH touched AS (
    SELECT DISTINCT dataset, record_key
      FROM warehouse.record
     WHERE street_code = :street AND dataset = ANY(:datasets) AND valid_from <= :as_of
       AND ((recorded_at > :old AND recorded_at <= :new) OR (superseded_at > :old AND superseded_at <= :new))
), version AS (
    SELECT r.* FROM warehouse.record r JOIN touched USING (dataset, record_key)
     WHERE r.street_code = :street AND r.valid_from <= :as_of
), was AS (
    SELECT DISTINCT ON (dataset, record_key) * FROM version WHERE recorded_at <= :old AND superseded_at > :old
     ORDER BY dataset, record_key, valid_from DESC, recorded_at DESC
), now_is AS (
    SELECT DISTINCT ON (dataset, record_key) * FROM version WHERE recorded_at <= :new AND superseded_at > :new
     ORDER BY dataset, record_key, valid_from DESC, recorded_at DESC
)
SELECT dataset, w.delivery_id AS old_delivery, w.sheet AS old_sheet, w.row_no AS old_row, w.person_id AS old_person,
       n.delivery_id AS new_delivery, n.sheet AS new_sheet, n.row_no AS new_row, n.person_id AS new_person,
       d.received_at > :old AS says_so_itself, coalesce(n.recorded_at, w.superseded_at) AS moment
  FROM was w
  FULL JOIN now_is n USING (dataset, record_key)
  LEFT JOIN landing.delivery d ON d.delivery_id = n.delivery_id
 WHERE w.row_hash IS DISTINCT FROM n.row_hash OR w.is_active IS DISTINCT FROM n.is_active
    OR w.person_id IS DISTINCT FROM n.person_id OR (w.valid_to > :as_of) IS DISTINCT FROM (n.valid_to > :as_of)

-- name: received_between
SELECT DISTINCT d.delivery_id, d.received_at, d.source, b.dataset, b.period
  FROM landing.delivery d
  JOIN quality.batch b USING (delivery_id)
 WHERE d.street_code = :street AND d.received_at > :old
   AND (d.source = 'desk' OR (b.dataset = ANY(:datasets) AND b.status = 'merged' AND d.received_at <= :new))
 ORDER BY d.received_at, d.delivery_id

-- name: persons
SELECT DISTINCT r.delivery_id, r.sheet, r.row_no, r.person_id
  FROM warehouse.record r
  JOIN unnest(CAST(:deliveries AS text[]), CAST(:sheets AS text[]), CAST(:rows AS int[])) AS p (delivery_id, sheet, row_no)
    ON p.delivery_id = r.delivery_id AND p.sheet = r.sheet AND p.row_no = r.row_no
 WHERE r.street_code = :street AND r.person_id IS NOT NULL

-- name: deliveries
SELECT delivery_id, source, name, period, received_at FROM landing.delivery WHERE delivery_id = ANY(:ids)

-- name: decisions
SELECT delivery_id, decision_no, decided_by, reason FROM identity.decision WHERE delivery_id = ANY(:ids)
 ORDER BY delivery_id, decision_no
