-- Staged rows become observations, and the timelines of the records that they change are computed anew.
-- Names that begin with _ are temporary tables of the one transaction.

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('merge'), hashtext(:street))

-- name: refresh_statistics
SELECT warehouse.refresh_statistics()

-- name: linked_batches
SELECT b.batch_id, b.delivery_id, b.dataset, b.period, b.unit_code, d.version_at, d.received_at
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'linked' AND coalesce(b.came_for, d.period) = ANY(:periods)
 ORDER BY d.seq, b.dataset
   FOR UPDATE OF b

-- name: make_batch
CREATE TEMP TABLE _batch (
    batch_id text, delivery_id text, dataset text, period text, unit_code text, is_period boolean,
    effective_from date, effective_to date, version_at timestamptz, received_at timestamptz
) ON COMMIT DROP

-- name: hold_incomplete
-- Staging does not survive a crash of the server: what was lost there must be parsed again.
UPDATE quality.batch b SET status = 'held', held = b.landed - b.quarantined - b.superseded,
       reason = '暂存的数据行不全，请重新解析'
  FROM _batch n
  LEFT JOIN (SELECT batch_id, count(*) AS rows FROM staging.link GROUP BY batch_id) l USING (batch_id)
 WHERE b.batch_id = n.batch_id AND b.landed - b.quarantined - b.superseded <> coalesce(l.rows, 0)
RETURNING b.batch_id

-- name: forget_held
DELETE FROM _batch WHERE batch_id = ANY(:batches)

-- name: make_repeat
-- Rows of a batch about one record: the last one speaks.
CREATE TEMP TABLE _repeat ON COMMIT DROP AS
WITH twice AS (
    SELECT r.batch_id, r.record_key
      FROM staging.row r
      JOIN _batch b USING (batch_id)
     WHERE r.disposition IS NULL
     GROUP BY r.batch_id, r.record_key
    HAVING count(*) > 1
), ranked AS (
    SELECT r.batch_id, r.sheet, r.row_no, r.row_hash,
           lead(r.row_hash) OVER w AS next_hash, last_value(r.row_hash) OVER w AS last_hash
      FROM staging.row r
      JOIN twice USING (batch_id, record_key)
     WHERE r.disposition IS NULL
    WINDOW w AS (PARTITION BY r.batch_id, r.record_key ORDER BY r.sheet, r.row_no
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT batch_id, sheet, row_no, row_hash <> last_hash AS differs FROM ranked WHERE next_hash IS NOT NULL

-- name: warn_repeats
INSERT INTO quality.finding (batch_id, sheet, row_no, code, severity, message, suggestion)
SELECT batch_id, sheet, row_no, 'record.repeated', 'warning', :message, :suggestion FROM _repeat WHERE differs

-- name: make_turn
CREATE TEMP TABLE _turn (dataset text, record_key text, at timestamptz, wave int) ON COMMIT DROP

-- name: drop_reparsed
-- A delivery read again, under another version of its contract or since its addresses are understood otherwise, says
-- now what it says, not what it said.
WITH gone AS (
    DELETE FROM warehouse.observation o
     USING quality.batch old, _batch b
     WHERE old.delivery_id = b.delivery_id AND old.dataset = b.dataset
       AND o.batch_id = old.batch_id
    RETURNING o.dataset, o.record_key, b.received_at
)
INSERT INTO _turn (dataset, record_key, at, wave) SELECT dataset, record_key, received_at, 1 FROM gone

-- name: make_claim
CREATE TEMP TABLE _claim (
    batch_id text, dataset text, record_key text, effective_from date, version_at timestamptz, delivery_id text,
    received_at timestamptz, row_hash uuid, wave int DEFAULT 1
) ON COMMIT DROP

-- name: observe
WITH observed AS (
    INSERT INTO warehouse.observation (
        street_code, dataset, record_key, effective_from, version_at, effective_to, delivery_id, sheet, row_no,
        recorded_at, row_hash, is_active, attrs, sealed, person_id, household_id, courtyard_code, building, unit_no,
        room, batch_id)
    SELECT :street, b.dataset, r.record_key, b.effective_from, b.version_at, b.effective_to, b.delivery_id, r.sheet,
           r.row_no, b.received_at,
           md5(concat_ws('|', r.row_hash, r.is_active, coalesce(l.courtyard_code, '-'), coalesce(l.building, '-'),
                         coalesce(l.unit_no, '-'), coalesce(l.room, '-')))::uuid,
           r.is_active, r.attrs, r.sealed, l.person_id, l.household_id, l.courtyard_code, l.building, l.unit_no,
           l.room, r.batch_id
      FROM staging.row r
      JOIN _batch b USING (batch_id)
      JOIN staging.link l ON l.batch_id = r.batch_id AND l.sheet = r.sheet AND l.row_no = r.row_no
      LEFT JOIN _repeat p ON p.batch_id = r.batch_id AND p.sheet = r.sheet AND p.row_no = r.row_no
     WHERE p.batch_id IS NULL
    RETURNING batch_id, dataset, record_key, effective_from, version_at, delivery_id, recorded_at, row_hash
)
INSERT INTO _claim (batch_id, dataset, record_key, effective_from, version_at, delivery_id, received_at, row_hash)
SELECT * FROM observed

-- name: compare
-- A claim that says what is believed for its day already changes nothing, whatever came before or after.
CREATE TEMP TABLE _news ON COMMIT DROP AS
SELECT c.batch_id, c.dataset, c.record_key, c.received_at
  FROM _claim c
  LEFT JOIN warehouse.record k
    ON k.is_current AND k.street_code = :street AND k.dataset = c.dataset AND k.record_key = c.record_key
   AND k.valid_from <= c.effective_from AND c.effective_from < k.valid_to AND k.row_hash = c.row_hash
 WHERE k.record_key IS NULL

-- name: waves
-- Claims about one record take effect in the order in which they were received, so that each belief is recorded.
UPDATE _claim c SET wave = n.wave
  FROM (SELECT dataset, record_key, delivery_id, effective_from, version_at,
               row_number() OVER (PARTITION BY dataset, record_key ORDER BY received_at, version_at, delivery_id) AS wave
          FROM _claim
          JOIN (SELECT dataset, record_key FROM _claim GROUP BY dataset, record_key HAVING count(*) > 1) several
         USING (dataset, record_key)) n
 WHERE n.wave > 1 AND c.dataset = n.dataset AND c.record_key = n.record_key AND c.delivery_id = n.delivery_id
   AND c.effective_from = n.effective_from AND c.version_at = n.version_at

-- name: turns
INSERT INTO _turn (dataset, record_key, at, wave)
SELECT dataset, record_key, received_at, 1 FROM _news
 WHERE (dataset, record_key) NOT IN (SELECT dataset, record_key FROM _claim WHERE wave > 1)
 UNION ALL
SELECT dataset, record_key, received_at, wave FROM _claim
 WHERE (dataset, record_key) IN (SELECT dataset, record_key FROM _claim WHERE wave > 1)

-- name: make_obsolete
-- For facts of one period the newest delivery of a scope is complete: older ones no longer count.
CREATE TEMP TABLE _obsolete ON COMMIT DROP AS
SELECT batch_id, newest, received_at
  FROM (SELECT b.batch_id, first_value(b.batch_id) OVER w AS newest, max(d.received_at) OVER w AS received_at
          FROM quality.batch b
          JOIN landing.delivery d USING (delivery_id)
          JOIN (SELECT DISTINCT dataset, period, unit_code FROM _batch WHERE is_period) s
            ON s.dataset = b.dataset AND s.period = b.period AND s.unit_code IS NOT DISTINCT FROM b.unit_code
         WHERE b.street_code = :street
           AND (b.status = 'merged' OR b.batch_id IN (SELECT batch_id FROM _batch))
        WINDOW w AS (PARTITION BY b.dataset, b.period, b.unit_code ORDER BY d.version_at DESC, b.delivery_id DESC, b.batch_id DESC
                     ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) ranked
 WHERE batch_id <> newest

-- name: obsolete_turns
INSERT INTO _turn (dataset, record_key, at, wave)
SELECT DISTINCT o.dataset, o.record_key, n.received_at, 1
  FROM warehouse.observation o
  JOIN _obsolete n USING (batch_id)
 WHERE o.street_code = :street

-- name: moved_from
-- The first day of which anything was said of records that turned out to be another person's.
SELECT min(e.first_from)
  FROM identity.record_person p
  JOIN identity.evidence e USING (street_code, dataset, record_key)
 WHERE p.street_code = :street AND p.is_moved
   AND EXISTS (SELECT FROM warehouse.record k
                WHERE k.is_current AND k.street_code = :street AND k.dataset = p.dataset AND k.person_id <> p.person_id
                  AND p.record_key = CASE WHEN k.dataset = ANY(:period_datasets) THEN substr(k.record_key, strpos(k.record_key, '/') + 1)
                                          ELSE k.record_key END)

-- name: register_turns
-- Entries of the register that turned out to be of another person.
INSERT INTO _turn (dataset, record_key, at, wave)
SELECT DISTINCT p.dataset, p.record_key, CAST(:latest AS timestamptz), CAST(:wave AS int)
  FROM identity.record_person p
  JOIN warehouse.record k
    ON k.is_current AND k.street_code = :street AND k.dataset = p.dataset AND k.record_key = p.record_key
 WHERE p.street_code = :street AND p.dataset = :anchor AND p.is_moved AND k.person_id <> p.person_id

-- name: make_home
-- Households of those whom other sources name, by the time they lived there.
CREATE TEMP TABLE _home ON COMMIT DROP AS
SELECT person_id, valid_from, valid_to, household_id
  FROM warehouse.record
 WHERE is_current AND street_code = :street AND dataset = :anchor
   AND person_id IN (SELECT person_id FROM identity.record_person WHERE street_code = :street AND dataset <> :anchor)

-- name: other_turns
-- Records of somebody who turned out to be another person, or whose household is known by now.
INSERT INTO _turn (dataset, record_key, at, wave)
WITH expected AS (
    SELECT k.dataset, k.record_key, k.person_id AS was, k.household_id AS lived_in, p.person_id,
           min(h.household_id) AS household_id
      FROM warehouse.record k
      JOIN identity.record_person p
        ON p.street_code = :street AND p.dataset = k.dataset
       AND p.record_key = CASE WHEN k.dataset = ANY(:period_datasets) THEN substr(k.record_key, strpos(k.record_key, '/') + 1)
                               ELSE k.record_key END
      LEFT JOIN _home h
        ON h.person_id = p.person_id AND h.valid_from <= k.valid_from AND k.valid_from < h.valid_to
     WHERE k.is_current AND k.street_code = :street AND k.dataset <> :anchor
     GROUP BY k.dataset, k.record_key, k.valid_from, k.person_id, k.household_id, p.person_id
)
SELECT DISTINCT dataset, record_key, CAST(:latest AS timestamptz), CAST(:wave AS int)
  FROM expected
 WHERE (was, lived_in) IS DISTINCT FROM (person_id, household_id)

-- name: last_wave
SELECT coalesce(max(wave), 0) FROM _turn WHERE (dataset = :anchor) = :of_anchor

-- name: make_now
CREATE TEMP TABLE _now (dataset text, record_key text, at timestamptz) ON COMMIT DROP

-- name: take_turn
-- Knowledge does not go back: what was recorded later than the delivery keeps its time.
INSERT INTO _now (dataset, record_key, at)
SELECT t.dataset, t.record_key,
       greatest(max(t.at), max(k.recorded_at), max(k.superseded_at) FILTER (WHERE NOT k.is_current))
  FROM _turn t
  LEFT JOIN warehouse.record k
    ON k.street_code = :street AND k.dataset = t.dataset AND k.record_key = t.record_key
 WHERE t.wave = :wave AND (t.dataset = :anchor) = :of_anchor
 GROUP BY t.dataset, t.record_key

-- name: make_line
CREATE TEMP TABLE _line (
    dataset text, record_key text, at timestamptz, valid_from date, valid_to date, source tid, row_hash uuid,
    person_id text, household_id text
) ON COMMIT DROP

-- name: draw_lines
-- For each day the greatest version wins; neighbours that say the same are one.
INSERT INTO _line (dataset, record_key, at, valid_from, valid_to, source, row_hash, person_id)
WITH said AS (
    SELECT DISTINCT ON (o.dataset, o.record_key, o.effective_from)
           o.dataset, o.record_key, n.at, o.effective_from, o.effective_to, o.row_hash, o.ctid AS source
      FROM _now n
      JOIN warehouse.observation o
        ON o.street_code = :street AND o.dataset = n.dataset AND o.record_key = n.record_key
     WHERE o.batch_id NOT IN (SELECT batch_id FROM _obsolete)
       AND NOT EXISTS (SELECT FROM _claim c
                        WHERE c.wave > :wave AND c.dataset = o.dataset AND c.record_key = o.record_key
                          AND c.effective_from = o.effective_from AND c.version_at = o.version_at
                          AND c.delivery_id = o.delivery_id)
     ORDER BY o.dataset, o.record_key, o.effective_from, o.version_at DESC, o.delivery_id DESC
), stretch AS (
    SELECT *, lag(row_hash) OVER w AS before, lag(effective_to) OVER w AS before_to
      FROM said
    WINDOW w AS (PARTITION BY dataset, record_key ORDER BY effective_from)
), line AS (
    SELECT dataset, record_key, at, effective_from AS valid_from,
           least(effective_to, coalesce(lead(effective_from) OVER w, 'infinity')) AS valid_to, source, row_hash
      FROM stretch
     WHERE before IS DISTINCT FROM row_hash OR before_to <= effective_from
    WINDOW w AS (PARTITION BY dataset, record_key ORDER BY effective_from)
)
SELECT l.*, p.person_id
  FROM line l
  LEFT JOIN identity.record_person p
    ON p.street_code = :street AND p.dataset = l.dataset
   AND p.record_key = CASE WHEN l.dataset = ANY(:period_datasets) THEN substr(l.record_key, strpos(l.record_key, '/') + 1)
                           ELSE l.record_key END

-- name: name_households
-- The household that the person belonged to on the day when the fact began.
UPDATE _line n SET household_id = f.household_id
  FROM (SELECT l.dataset, l.record_key, l.valid_from, min(h.household_id) AS household_id
          FROM _line l
          JOIN _home h ON h.person_id = l.person_id AND h.valid_from <= l.valid_from AND l.valid_from < h.valid_to
         GROUP BY l.dataset, l.record_key, l.valid_from) f
 WHERE f.dataset = n.dataset AND f.record_key = n.record_key AND f.valid_from = n.valid_from

-- name: make_same
-- What is believed already stays as it was recorded.
CREATE TEMP TABLE _same (dataset text, record_key text, valid_from date) ON COMMIT DROP

-- name: find_same
INSERT INTO _same (dataset, record_key, valid_from)
SELECT k.dataset, k.record_key, k.valid_from
  FROM _line n
  JOIN warehouse.record k
    ON k.is_current AND k.street_code = :street AND k.dataset = n.dataset AND k.record_key = n.record_key
   AND k.valid_from = n.valid_from
 WHERE k.valid_to = n.valid_to AND k.row_hash = n.row_hash AND k.person_id IS NOT DISTINCT FROM n.person_id
   AND (n.dataset = :anchor OR k.household_id IS NOT DISTINCT FROM n.household_id)

-- name: drop_unknown
-- A belief superseded at the moment it was recorded was never known to anybody.
DELETE FROM warehouse.record k
 USING _now t
 WHERE k.is_current AND k.street_code = :street AND k.dataset = t.dataset AND k.record_key = t.record_key
   AND k.recorded_at >= t.at
   AND NOT EXISTS (SELECT FROM _same s
                    WHERE s.dataset = k.dataset AND s.record_key = k.record_key AND s.valid_from = k.valid_from)

-- name: supersede
UPDATE warehouse.record k SET is_current = false, superseded_at = t.at
  FROM _now t
 WHERE k.is_current AND k.street_code = :street AND k.dataset = t.dataset AND k.record_key = t.record_key
   AND NOT EXISTS (SELECT FROM _same s
                    WHERE s.dataset = k.dataset AND s.record_key = k.record_key AND s.valid_from = k.valid_from)

-- name: believe
INSERT INTO warehouse.record (
    street_code, dataset, record_key, valid_from, recorded_at, is_current, valid_to, delivery_id, sheet, row_no,
    row_hash, is_active, attrs, sealed, person_id, household_id, courtyard_code, building, unit_no, room)
SELECT :street, n.dataset, n.record_key, n.valid_from, n.at, true, n.valid_to, o.delivery_id, o.sheet, o.row_no,
       o.row_hash, o.is_active, o.attrs, o.sealed, n.person_id,
       CASE WHEN n.dataset = :anchor THEN o.household_id ELSE n.household_id END,
       o.courtyard_code, o.building, o.unit_no, o.room
  FROM _line n
  JOIN warehouse.observation o ON o.ctid = n.source
 WHERE NOT EXISTS (SELECT FROM _same s
                    WHERE s.dataset = n.dataset AND s.record_key = n.record_key AND s.valid_from = n.valid_from)

-- name: settle_batches
UPDATE quality.batch b
   SET status = 'merged', merged = coalesce(c.rows, 0), unchanged = coalesce(c.rows, 0) - coalesce(w.rows, 0),
       superseded = b.superseded + coalesce(r.rows, 0)
  FROM _batch n
  LEFT JOIN (SELECT batch_id, count(*) AS rows FROM _claim GROUP BY batch_id) c USING (batch_id)
  LEFT JOIN (SELECT batch_id, count(*) AS rows FROM _news GROUP BY batch_id) w USING (batch_id)
  LEFT JOIN (SELECT batch_id, count(*) AS rows FROM _repeat GROUP BY batch_id) r USING (batch_id)
 WHERE n.batch_id = b.batch_id
RETURNING b.merged, b.unchanged, b.superseded, b.quarantined

-- name: clear_rows
DELETE FROM staging.row r USING _batch b WHERE r.batch_id = b.batch_id

-- name: clear_links
DELETE FROM staging.link l USING _batch b WHERE l.batch_id = b.batch_id
