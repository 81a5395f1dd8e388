-- Who is who: a function of all evidence ever stated, computed anew by short set-based passes. The
-- order in which deliveries arrived plays no part in it.

-- name: one_at_a_time
-- Two quarters may run side by side; who is who is settled by one of them at a time.
SELECT pg_advisory_xact_lock(hashtext('identity'), hashtext(:street))

-- name: add_evidence
INSERT INTO identity.evidence (street_code, dataset, record_key, trait, first_from,
                               name, birth_date, id_token, phone_token, courtyard_code, building, unit_no, room)
SELECT :street, n.dataset, n.record_key, n.trait, n.effective_from,
       n.name, n.birth_date, n.id_token, n.phone_token, n.courtyard_code, n.building, n.unit_no, n.room
  FROM _row n
  LEFT JOIN identity.evidence e
    ON e.street_code = :street AND e.dataset = n.dataset AND e.record_key = n.record_key AND e.trait = n.trait
 WHERE n.is_person AND e.trait IS NULL
ON CONFLICT DO NOTHING

-- name: backdate_evidence
UPDATE identity.evidence e SET first_from = s.first_from
  FROM (SELECT n.dataset, n.record_key, n.trait, min(n.effective_from) AS first_from
          FROM _row n
          JOIN identity.evidence o
            ON o.street_code = :street AND o.dataset = n.dataset AND o.record_key = n.record_key AND o.trait = n.trait
         WHERE n.effective_from < o.first_from
         GROUP BY n.dataset, n.record_key, n.trait) s
 WHERE e.street_code = :street AND e.dataset = s.dataset AND e.record_key = s.record_key AND e.trait = s.trait

-- name: entries
-- All that the register ever said, and whether an entry ever had an ID number.
CREATE TEMP TABLE _entry ON COMMIT DROP AS
SELECT record_key, first_from, name, birth_date, id_token, phone_token, courtyard_code, building, unit_no, room
  FROM identity.evidence
 WHERE street_code = :street AND dataset = :anchor

-- name: register
CREATE TEMP TABLE _register ON COMMIT DROP AS
SELECT record_key, min(first_from) AS first_from, bool_or(id_token IS NOT NULL) AS has_id
  FROM _entry
 GROUP BY record_key

-- name: shared_ids
CREATE TEMP TABLE _shared ON COMMIT DROP AS
WITH shared AS (
    SELECT id_token
      FROM _entry
     WHERE id_token IS NOT NULL
     GROUP BY id_token
    HAVING min(record_key) <> max(record_key)
)
SELECT DISTINCT e.id_token, e.name, e.record_key, r.first_from
  FROM _entry e
  JOIN shared USING (id_token)
  JOIN _register r USING (record_key)

-- name: make_leader
CREATE TEMP TABLE _leader (record_key text, leader text, method text) ON COMMIT DROP

-- name: lead_by_id
-- Entries with one ID number and one name are one person: the earliest entry leads.
INSERT INTO _leader (record_key, leader, method)
SELECT DISTINCT ON (m.record_key) m.record_key, l.record_key, 'id'
  FROM _shared m
  JOIN _shared l ON l.id_token = m.id_token AND l.name = m.name
 WHERE (l.first_from, l.record_key) < (m.first_from, m.record_key)
 ORDER BY m.record_key, l.first_from, l.record_key

-- name: lead_by_room
-- An entry without an ID number joins the only person of its name, birth date and room.
INSERT INTO _leader (record_key, leader, method)
WITH lone AS (
    SELECT e.*
      FROM _entry e
      JOIN _register r USING (record_key)
     WHERE NOT r.has_id AND length(e.birth_date) = 10
), mate AS (
    SELECT l.record_key AS lone, o.record_key
      FROM lone l
      JOIN _entry o USING (name, birth_date, courtyard_code, building, unit_no, room)
     WHERE o.record_key <> l.record_key
), choice AS (
    SELECT m.lone AS record_key, bool_or(r.has_id) AS any_id,
           min(coalesce(d.leader, m.record_key)) FILTER (WHERE r.has_id) AS least,
           max(coalesce(d.leader, m.record_key)) FILTER (WHERE r.has_id) AS greatest,
           (array_agg(m.record_key ORDER BY r.first_from, m.record_key)
               FILTER (WHERE (r.first_from, m.record_key) < (s.first_from, m.lone)))[1] AS earliest
      FROM mate m
      JOIN _register r USING (record_key)
      JOIN _register s ON s.record_key = m.lone
      LEFT JOIN _leader d ON d.record_key = m.record_key
     GROUP BY m.lone
)
SELECT record_key, CASE WHEN any_id THEN least ELSE earliest END, 'name_birth_room'
  FROM choice
 WHERE CASE WHEN any_id THEN least = greatest ELSE earliest IS NOT NULL END

-- name: register_doubts
-- One ID number, two names, in the register itself: two persons until somebody looks.
INSERT INTO _doubt (dataset, record_key, person_id, reason)
SELECT DISTINCT :anchor, m.record_key, p.person_id, 'id_shared'
  FROM _shared m
  JOIN _shared l ON l.id_token = m.id_token AND l.name <> m.name
  JOIN _final p ON p.dataset = :anchor AND p.record_key = l.record_key
 WHERE m.record_key < l.record_key

-- name: register_to_mint
SELECT DISTINCT coalesce(l.leader, r.record_key)
  FROM _register r
  LEFT JOIN _leader l USING (record_key)
  LEFT JOIN identity.record_person p
    ON p.street_code = :street AND p.dataset = :anchor AND p.record_key = coalesce(l.leader, r.record_key)
   AND p.method = 'minted'
 WHERE p.person_id IS NULL

-- name: make_minted
CREATE TEMP TABLE _minted (dataset text, record_key text, person_id text) ON COMMIT DROP

-- name: make_final
CREATE TEMP TABLE _final (dataset text, record_key text, person_id text, method text, score float) ON COMMIT DROP

-- name: make_doubt
CREATE TEMP TABLE _doubt (dataset text, record_key text, person_id text, reason text, score float, details jsonb) ON COMMIT DROP

-- name: settle_register
INSERT INTO _final (dataset, record_key, person_id, method)
SELECT :anchor, r.record_key, coalesce(m.person_id, lead.person_id), coalesce(l.method, 'minted')
  FROM _register r
  LEFT JOIN _leader l USING (record_key)
  LEFT JOIN _minted m ON m.record_key = coalesce(l.leader, r.record_key)
  LEFT JOIN identity.record_person lead
    ON lead.street_code = :street AND lead.dataset = :anchor AND lead.record_key = coalesce(l.leader, r.record_key)
   AND lead.method = 'minted'

-- name: others
CREATE TEMP TABLE _other ON COMMIT DROP AS
SELECT dataset, record_key, first_from, trait, name, birth_date, id_token, phone_token,
       courtyard_code, building, unit_no, room,
       bool_or(id_token IS NOT NULL) OVER (PARTITION BY dataset, record_key) AS has_id
  FROM identity.evidence
 WHERE street_code = :street AND dataset <> :anchor

-- name: identified
-- Persons of the register with an ID number in any of their entries.
CREATE TEMP TABLE _identified ON COMMIT DROP AS
SELECT DISTINCT f.person_id FROM _final f JOIN _register r USING (record_key) WHERE r.has_id

-- name: anchors
-- What the register says about everyone whom another source might mean.
CREATE TEMP TABLE _anchor ON COMMIT DROP AS
SELECT f.person_id, f.person_id IN (SELECT person_id FROM _identified) AS has_id,
       e.name, e.birth_date, e.id_token, e.phone_token, e.courtyard_code, e.building, e.unit_no, e.room
  FROM _entry e
  JOIN _register r USING (record_key)
  JOIN _final f USING (record_key)
 WHERE e.name IN (SELECT name FROM _other) OR e.id_token IN (SELECT id_token FROM _other)

-- name: match_by_id
-- The ID number decides, unless the name is wholly another one or is that of a neighbour born that day.
CREATE TEMP TABLE _claim ON COMMIT DROP AS
WITH pair AS (
    SELECT o.dataset, o.record_key, a.person_id,
           bool_or(o.name = a.name
                   OR translate(o.name, regexp_replace(a.name, '[·A-Za-z[:space:]]', '', 'g'), '') <> o.name
                      AND NOT EXISTS (SELECT FROM _anchor n
                                       WHERE n.name = o.name AND n.person_id <> a.person_id
                                         AND n.courtyard_code = o.courtyard_code
                                         AND (o.birth_date IS NULL OR n.birth_date = o.birth_date))) AS is_good
      FROM _other o
      JOIN _anchor a USING (id_token)
     GROUP BY o.dataset, o.record_key, a.person_id
)
SELECT dataset, record_key, min(person_id) FILTER (WHERE is_good) AS person_id, min(person_id) AS doubted,
       count(*) FILTER (WHERE is_good) = 1 AS is_good
  FROM pair
 GROUP BY dataset, record_key

-- name: settle_by_id
INSERT INTO _final (dataset, record_key, person_id, method)
SELECT dataset, record_key, person_id, 'id' FROM _claim WHERE is_good

-- name: doubt_ids
INSERT INTO _doubt (dataset, record_key, person_id, reason)
SELECT dataset, record_key, doubted, 'id_shared' FROM _claim WHERE NOT is_good

-- name: make_open
CREATE TEMP TABLE _open ON COMMIT DROP AS
SELECT o.*
  FROM _other o
 WHERE NOT EXISTS (SELECT FROM _claim c WHERE c.dataset = o.dataset AND c.record_key = o.record_key)

-- name: make_match
CREATE TEMP TABLE _match (dataset text, record_key text, person_id text, method text, score float) ON COMMIT DROP

-- name: doubt_other_ids
-- The same name, birth date and room under two ID numbers that both hold: for a person to decide.
INSERT INTO _doubt (dataset, record_key, person_id, reason)
SELECT DISTINCT o.dataset, o.record_key, a.person_id, 'ids_differ'
  FROM _open o
  JOIN _anchor a
    ON a.name = o.name AND a.birth_date = o.birth_date AND a.courtyard_code = o.courtyard_code
   AND a.building = o.building AND a.unit_no = o.unit_no AND a.room = o.room
 WHERE o.has_id AND a.has_id

-- name: refuse_two_ids
-- Rows with different ID numbers that chose one person without any: none of them is believed.
WITH contested AS (
    SELECT m.person_id
      FROM _match m
      JOIN _open o USING (dataset, record_key)
     WHERE o.id_token IS NOT NULL
     GROUP BY m.person_id
    HAVING min(o.id_token) <> max(o.id_token)
), refused AS (
    DELETE FROM _match m
     USING contested c
     WHERE m.person_id = c.person_id
       AND EXISTS (SELECT FROM _open o WHERE o.dataset = m.dataset AND o.record_key = m.record_key AND o.has_id)
    RETURNING m.dataset, m.record_key, m.person_id
)
INSERT INTO _doubt (dataset, record_key, person_id, reason)
SELECT dataset, record_key, person_id, 'ids_differ' FROM refused

-- name: settle_matches
INSERT INTO _final (dataset, record_key, person_id, method, score)
SELECT dataset, record_key, person_id, method, score FROM _match

-- name: to_mint
-- The strongest of what each unmatched row says of itself; later passes may use rows with an ID number.
SELECT DISTINCT ON (o.dataset, o.record_key) o.dataset, o.record_key,
       CASE WHEN d.record_key IS NULL THEN o.id_token END, o.name, o.birth_date,
       o.courtyard_code, o.building, o.unit_no, o.room, d.record_key IS NOT NULL
  FROM _other o
  LEFT JOIN _doubt d ON d.dataset = o.dataset AND d.record_key = o.record_key AND d.reason = 'id_shared'
 WHERE NOT EXISTS (SELECT FROM _final f WHERE f.dataset = o.dataset AND f.record_key = o.record_key)
   AND (o.has_id OR NOT :with_id)
 ORDER BY o.dataset, o.record_key, o.id_token IS NULL, o.first_from, o.trait

-- name: settle_minted
INSERT INTO _final (dataset, record_key, person_id, method)
SELECT m.dataset, m.record_key, m.person_id, 'minted'
  FROM _minted m
 WHERE m.dataset <> :anchor
   AND NOT EXISTS (SELECT FROM _final f WHERE f.dataset = m.dataset AND f.record_key = m.record_key)

-- name: second_anchors
INSERT INTO _anchor (person_id, has_id, name, birth_date, id_token, phone_token, courtyard_code, building, unit_no, room)
SELECT DISTINCT m.person_id, true, o.name, o.birth_date, o.id_token, o.phone_token,
       o.courtyard_code, o.building, o.unit_no, o.room
  FROM _other o
  JOIN _minted m USING (dataset, record_key)

-- name: still_open
DELETE FROM _open o
 WHERE EXISTS (SELECT FROM _final f WHERE f.dataset = o.dataset AND f.record_key = o.record_key)

-- name: note_persons
INSERT INTO identity.person (person_id, street_code, minted_by)
WITH fresh AS (
    SELECT f.person_id, f.dataset, f.record_key
      FROM _final f
      LEFT JOIN identity.person p USING (person_id)
     WHERE p.person_id IS NULL
)
SELECT f.person_id, :street, coalesce(min(r.delivery_id), '')
  FROM fresh f
  LEFT JOIN _row r USING (dataset, record_key)
 GROUP BY f.person_id
ON CONFLICT DO NOTHING

-- name: move_records
-- The merge takes the records along that turned out to be of another person; the mark stays until an archive has
-- counted them where they belong.
UPDATE identity.record_person p
   SET person_id = f.person_id, method = f.method, score = f.score, is_moved = is_moved OR p.person_id <> f.person_id
  FROM _final f
 WHERE p.street_code = :street AND p.dataset = f.dataset AND p.record_key = f.record_key
   AND (p.person_id, p.method, p.score) IS DISTINCT FROM (f.person_id, f.method, f.score)

-- name: note_records
INSERT INTO identity.record_person (street_code, dataset, record_key, person_id, method, score)
SELECT :street, f.dataset, f.record_key, f.person_id, f.method, f.score
  FROM _final f
  LEFT JOIN identity.record_person p
    ON p.street_code = :street AND p.dataset = f.dataset AND p.record_key = f.record_key
 WHERE p.person_id IS NULL

-- name: leads
-- The record that stands for a person: the one its id was made from, the register's first.
CREATE TEMP TABLE _lead ON COMMIT DROP AS
SELECT DISTINCT ON (person_id) person_id, dataset, record_key
  FROM _final
 WHERE person_id IN (SELECT person_id FROM _doubt)
 ORDER BY person_id, method <> 'minted', dataset <> :anchor, dataset, record_key

-- name: make_review
CREATE TEMP TABLE _review (
    left_dataset text, left_record text, right_dataset text, right_record text, left_person text, right_person text,
    reason text, score float, details jsonb, status text DEFAULT 'open', decision_no text
) ON COMMIT DROP

-- name: review_decided
INSERT INTO _review (left_dataset, left_record, right_dataset, right_record, left_person, right_person, reason, details,
                     status, decision_no)
SELECT r.left_dataset, r.left_record, r.right_dataset, r.right_record, f.person_id, g.person_id,
       CASE WHEN r.is_in_force THEN 'decided' ELSE 'source_changed' END, '{}',
       CASE WHEN r.is_in_force THEN r.verdict ELSE 'open' END, r.decision_no
  FROM _ruling r
  JOIN _final f ON f.dataset = r.left_dataset AND f.record_key = r.left_record
  JOIN _final g ON g.dataset = r.right_dataset AND g.record_key = r.right_record
 WHERE r.is_in_force OR f.person_id <> g.person_id

-- name: review_doubts
-- One question a pair of persons, the likeliest first; none where a person has answered it.
INSERT INTO _review (left_dataset, left_record, right_dataset, right_record, left_person, right_person, reason, score, details)
WITH pair AS (
    SELECT d.reason, d.score, d.details, l.dataset, l.record_key, f.person_id,
           d.dataset AS own_dataset, d.record_key AS own_record, f.person_id AS own_person, l.person_id AS lead_person,
           (d.dataset, d.record_key) < (l.dataset, l.record_key) AS own_first
      FROM _doubt d
      JOIN _final f USING (dataset, record_key)
      JOIN _lead l ON l.person_id = d.person_id
     WHERE f.person_id <> d.person_id
)
SELECT DISTINCT ON (least(own_person, lead_person), greatest(own_person, lead_person))
       CASE WHEN own_first THEN own_dataset ELSE dataset END, CASE WHEN own_first THEN own_record ELSE record_key END,
       CASE WHEN own_first THEN dataset ELSE own_dataset END, CASE WHEN own_first THEN record_key ELSE own_record END,
       CASE WHEN own_first THEN own_person ELSE lead_person END, CASE WHEN own_first THEN lead_person ELSE own_person END,
       reason, score, coalesce(details, '{}')
  FROM pair p
 WHERE NOT EXISTS (SELECT FROM _review r
                    WHERE (least(r.left_person, r.right_person), greatest(r.left_person, r.right_person))
                        = (least(p.own_person, p.lead_person), greatest(p.own_person, p.lead_person)))
 ORDER BY least(own_person, lead_person), greatest(own_person, lead_person), reason, score DESC NULLS LAST,
          own_dataset, own_record

-- name: close_reviews
DELETE FROM identity.review v
 WHERE v.street_code = :street
   AND NOT EXISTS (SELECT FROM _review r
                    WHERE (r.left_dataset, r.left_record, r.right_dataset, r.right_record)
                        = (v.left_dataset, v.left_record, v.right_dataset, v.right_record))

-- name: open_reviews
INSERT INTO identity.review (street_code, left_dataset, left_record, right_dataset, right_record, left_person,
                                  right_person, reason, score, details, basis, opened_by, status, decision_no)
SELECT :street, r.left_dataset, r.left_record, r.right_dataset, r.right_record, r.left_person, r.right_person, r.reason,
       r.score, r.details, md5(a.basis || b.basis), coalesce(n.delivery_id, ''), r.status, r.decision_no
  FROM _review r
  JOIN _basis a ON a.dataset = r.left_dataset AND a.record_key = r.left_record
  JOIN _basis b ON b.dataset = r.right_dataset AND b.record_key = r.right_record
  LEFT JOIN (SELECT dataset, record_key, min(delivery_id) AS delivery_id FROM _row GROUP BY dataset, record_key) n
    ON n.dataset = r.right_dataset AND n.record_key = r.right_record
ON CONFLICT (street_code, left_dataset, left_record, right_dataset, right_record) DO UPDATE
   SET left_person = excluded.left_person, right_person = excluded.right_person, reason = excluded.reason,
       score = excluded.score, details = excluded.details, basis = excluded.basis, status = excluded.status,
       decision_no = excluded.decision_no

-- name: make_basis
-- What a record says of itself, whatever its address and phone: a decision about it holds as long as this does.
CREATE TEMP TABLE _basis ON COMMIT DROP AS
SELECT e.dataset, e.record_key,
       md5(string_agg(DISTINCT concat_ws('|', coalesce(name, ''), coalesce(birth_date, ''), coalesce(id_token, '')), E'\x1f'
                      ORDER BY concat_ws('|', coalesce(name, ''), coalesce(birth_date, ''), coalesce(id_token, '')))) AS basis
  FROM identity.evidence e
  JOIN (SELECT dataset, record_key FROM _doubt
        UNION SELECT dataset, record_key FROM _lead
        UNION SELECT left_dataset, left_record FROM _said
        UNION SELECT right_dataset, right_record FROM _said) wanted USING (dataset, record_key)
 WHERE e.street_code = :street
 GROUP BY e.dataset, e.record_key

-- name: said
-- The last decision about each pair of records, the lesser one left.
CREATE TEMP TABLE _said ON COMMIT DROP AS
SELECT DISTINCT ON (least(left_record, right_record), greatest(left_record, right_record))
       decision_no, verdict, basis, split_part(l, '/', 1) AS left_dataset, substr(l, strpos(l, '/') + 1) AS left_record,
       split_part(r, '/', 1) AS right_dataset, substr(r, strpos(r, '/') + 1) AS right_record
  FROM identity.decision
 CROSS JOIN LATERAL (SELECT least(left_record, right_record) AS l, greatest(left_record, right_record) AS r) pair
 WHERE street_code = :street AND matter = 'same_person' AND verdict IN ('same', 'different')
 ORDER BY least(left_record, right_record), greatest(left_record, right_record), decided_at DESC, decision_no DESC

-- name: rulings
CREATE TEMP TABLE _ruling ON COMMIT DROP AS
SELECT s.*, s.basis IS NULL OR s.basis = md5(a.basis || b.basis) AS is_in_force
  FROM _said s
  JOIN _basis a ON a.dataset = s.left_dataset AND a.record_key = s.left_record
  JOIN _basis b ON b.dataset = s.right_dataset AND b.record_key = s.right_record

-- name: told_apart
-- Of two records that a person holds for two persons, the one that is not the register's is given an id of its own.
SELECT DISTINCT CASE WHEN keeps_left THEN right_dataset ELSE left_dataset END,
       CASE WHEN keeps_left THEN right_record ELSE left_record END
  FROM _ruling r
  JOIN _final f ON f.dataset = r.left_dataset AND f.record_key = r.left_record
  JOIN _final g ON g.dataset = r.right_dataset AND g.record_key = r.right_record AND g.person_id = f.person_id
 CROSS JOIN LATERAL (SELECT right_dataset <> :anchor OR left_dataset = :anchor AS keeps_left) k
 WHERE r.is_in_force AND r.verdict = 'different'

-- name: held_together
SELECT DISTINCT f.person_id, g.person_id
  FROM _ruling r
  JOIN _final f ON f.dataset = r.left_dataset AND f.record_key = r.left_record
  JOIN _final g ON g.dataset = r.right_dataset AND g.record_key = r.right_record AND g.person_id <> f.person_id
 WHERE r.is_in_force AND r.verdict = 'same'

-- name: of_register
SELECT DISTINCT person_id FROM _final WHERE dataset = :anchor AND method = 'minted' AND person_id = ANY(:persons)

-- name: make_ruled
CREATE TEMP TABLE _ruled (dataset text, record_key text, was text, person_id text) ON COMMIT DROP

-- name: clear_ruled
TRUNCATE _ruled

-- name: count_open
SELECT count(*) FROM identity.review WHERE street_code = :street AND status = 'open'

-- name: rule
UPDATE _final f SET person_id = r.person_id, method = 'decision', score = NULL
  FROM _ruled r
 WHERE f.dataset = r.dataset AND f.record_key = r.record_key OR f.person_id = r.was

-- name: households
SELECT DISTINCT household_no FROM _row WHERE dataset = :anchor AND household_no IS NOT NULL

-- name: make_household
CREATE TEMP TABLE _household (household_no text, household_id text) ON COMMIT DROP

-- name: write_links
INSERT INTO staging.link (batch_id, sheet, row_no, courtyard_code, building, unit_no, room, person_id, household_id)
SELECT n.batch_id, n.sheet, n.row_no, n.courtyard_code, n.building, n.unit_no, n.room, p.person_id, h.household_id
  FROM _row n
  LEFT JOIN _final p ON n.is_person AND p.dataset = n.dataset AND p.record_key = n.record_key
  LEFT JOIN _household h ON n.dataset = :anchor AND h.household_no = n.household_no

-- name: linked
UPDATE quality.batch SET status = 'linked' WHERE batch_id = ANY(:batches)
