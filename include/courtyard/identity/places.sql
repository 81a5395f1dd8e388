-- The staged rows of the batches to link, each with the place its address was resolved to.

-- name: open_batches
SELECT b.batch_id, b.delivery_id, b.dataset, b.period
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'validated' AND coalesce(b.came_for, d.period) = ANY(:periods)
 ORDER BY d.seq, b.dataset
   FOR UPDATE OF b

-- name: make_batch
CREATE TEMP TABLE _batch (
    batch_id text, delivery_id text, dataset text, is_person boolean, is_placed boolean, is_period boolean,
    effective_from date, on_day date
) ON COMMIT DROP

-- name: make_place
CREATE TEMP TABLE _place (
    address text, on_day date, courtyard_code text, building text, unit_no text, room text, status text
) ON COMMIT DROP

-- name: make_point
CREATE TEMP TABLE _point (batch_id text, sheet text, row_no int, courtyard_code text) ON COMMIT DROP

-- name: spellings
-- Quarantined rows too: their sender should hear of everything at once.
SELECT DISTINCT b.on_day, r.address
  FROM staging.row r
  JOIN _batch b USING (batch_id)
 WHERE (r.disposition IS NULL OR r.disposition = 'quarantined') AND r.address IS NOT NULL

-- name: points
SELECT r.batch_id, r.sheet, r.row_no, b.on_day, r.attrs ->> 'address_id', r.attrs ->> :lon, r.attrs ->> :lat
  FROM staging.row r
  JOIN _batch b USING (batch_id)
 WHERE b.dataset = :dataset AND r.disposition IS NULL

-- name: make_row
CREATE TEMP TABLE _row ON COMMIT DROP AS
SELECT n.*, md5(concat_ws(E'\x1f', coalesce(name, ''), coalesce(birth_date, ''), coalesce(id_token, ''),
                          coalesce(phone_token, ''), coalesce(courtyard_code, ''), coalesce(building, ''),
                          coalesce(unit_no, ''), coalesce(room, '')))::uuid AS trait
  FROM (SELECT r.ctid AS place, r.batch_id, r.sheet, r.row_no, b.delivery_id, b.dataset, b.is_person, b.is_placed,
               b.effective_from,
               CASE WHEN b.is_period THEN substr(r.record_key, strpos(r.record_key, '/') + 1)
                    ELSE r.record_key END AS record_key,
               r.name, r.id_token, r.phone_token, r.birth_date, r.household_no,
               coalesce(t.courtyard_code, p.courtyard_code) AS courtyard_code, p.building, p.unit_no, p.room,
               CASE WHEN t.courtyard_code IS NULL THEN coalesce(p.status, 'missing') ELSE 'resolved' END AS status
          FROM staging.row r
          JOIN _batch b USING (batch_id)
          LEFT JOIN _point t ON t.batch_id = r.batch_id AND t.sheet = r.sheet AND t.row_no = r.row_no
          LEFT JOIN _place p
            ON p.address = r.address AND p.on_day = b.on_day
           AND p.courtyard_code IS NOT DISTINCT FROM coalesce(t.courtyard_code, p.courtyard_code)
         WHERE r.disposition IS NULL AND r.record_key IS NOT NULL) n

-- name: doubtful
-- An organisation's seat may lie outside the street: its address is a help, never a fault. Of a row that is set
-- aside already, an address that was read is looked at all the same.
SELECT batch_id, sheet, row_no, dataset, status, courtyard_code IS NOT NULL AS is_known
  FROM _row
 WHERE is_placed AND status <> 'resolved'
 UNION ALL
SELECT r.batch_id, r.sheet, r.row_no, b.dataset, p.status, p.courtyard_code IS NOT NULL
  FROM staging.row r
  JOIN _batch b USING (batch_id)
  JOIN _place p ON p.address = r.address AND p.on_day = b.on_day
 WHERE r.disposition = 'quarantined' AND b.is_placed AND p.status <> 'resolved'
 ORDER BY 1, 2, 3

-- name: layouts
SELECT b.batch_id, b.metadata FROM quality.batch b JOIN _batch USING (batch_id)

-- name: make_sealed
CREATE TEMP TABLE _sealed (batch_id text, sheet text, row_no int, address text) ON COMMIT DROP

-- name: unplaced
SELECT n.batch_id, n.sheet, n.row_no, r.address
  FROM _row n
  JOIN staging.row r ON r.ctid = n.place
 WHERE n.is_person AND n.courtyard_code IS NULL AND r.address IS NOT NULL

-- name: quarantine
INSERT INTO quality.quarantined_row (batch_id, sheet, row_no, codes, address)
SELECT n.batch_id, n.sheet, n.row_no,
       ARRAY['address.' || CASE n.status WHEN 'unknown' THEN 'unknown_courtyard' ELSE n.status END], s.address
  FROM _row n
  LEFT JOIN _sealed s ON s.batch_id = n.batch_id AND s.sheet = n.sheet AND s.row_no = n.row_no
 WHERE n.is_person AND n.courtyard_code IS NULL
ON CONFLICT (batch_id, sheet, row_no) DO UPDATE SET codes = quality.quarantined_row.codes || excluded.codes

-- name: set_aside
UPDATE staging.row r SET disposition = 'quarantined'
  FROM _row n
 WHERE n.is_person AND n.courtyard_code IS NULL AND r.ctid = n.place

-- name: count_quarantined
UPDATE quality.batch b SET quarantined = b.quarantined + n.rows
  FROM (SELECT batch_id, count(*) AS rows FROM _row WHERE is_person AND courtyard_code IS NULL GROUP BY batch_id) n
 WHERE n.batch_id = b.batch_id

-- name: forget_quarantined
DELETE FROM _row WHERE is_person AND courtyard_code IS NULL

-- name: spoken
-- An address that could be twice is for a person to tell apart: a point beside it is no answer.
SELECT r.batch_id, r.sheet, r.row_no
  FROM staging.row r
  JOIN _batch b USING (batch_id)
  JOIN _place p ON p.address = r.address AND p.on_day = b.on_day
 WHERE b.dataset = :dataset AND (p.courtyard_code IS NOT NULL OR p.status = 'ambiguous')
