-- What the rules leave open, and whom of the register it might be.

-- name: residue
-- Records without an ID number, or (round 1) with one that nobody has: they may still be somebody of the register.
SELECT dataset, record_key, has_id, name, birth_date, phone_token, courtyard_code, building, unit_no, room
  FROM _open o
 WHERE has_id = :with_id AND name IS NOT NULL
   AND NOT EXISTS (SELECT FROM _match m WHERE m.dataset = o.dataset AND m.record_key = o.record_key)
 ORDER BY dataset, record_key, trait

-- name: make_wanted
CREATE TEMP TABLE IF NOT EXISTS _wanted (name text, birth_date text, phone_token text, courtyard_code text) ON COMMIT DROP

-- name: clear_wanted
TRUNCATE _wanted

-- name: candidates
-- Entries of the register, and persons known by an ID number, that share with a wanted row what the model looks at
-- pairs by (its blocking rules): a name, or a courtyard with a birth date or a phone.
WITH near AS (
    SELECT e.record_key, f.person_id, e.name, e.birth_date, e.phone_token, e.courtyard_code, e.building, e.unit_no, e.room
      FROM _entry e
      JOIN _final f ON f.dataset = :anchor AND f.record_key = e.record_key
     WHERE e.name IN (SELECT name FROM _wanted)
        OR (e.birth_date, e.courtyard_code) IN (SELECT birth_date, courtyard_code FROM _wanted)
        OR (e.phone_token, e.courtyard_code) IN (SELECT phone_token, courtyard_code FROM _wanted)
)
SELECT DISTINCT n.person_id, n.person_id IN (SELECT person_id FROM _identified) AS has_id, n.name, n.birth_date,
       n.phone_token, n.courtyard_code, n.building, n.unit_no, n.room
  FROM near n
 UNION
SELECT person_id, has_id, name, birth_date, phone_token, courtyard_code, building, unit_no, room
  FROM _anchor
 WHERE name IN (SELECT name FROM _wanted)
 ORDER BY 1, 3, 4, 5, 6, 7, 8, 9

-- name: names
-- How common each name is among all entries of the register; a register of few cannot tell.
SELECT name, count(DISTINCT record_key)::float / greatest((SELECT count(*) FROM _register), :least)
  FROM _entry
 WHERE name IN (SELECT name FROM _wanted)
 GROUP BY name

-- name: proven
-- Pairs that an ID number proves, to train on: everything that another source and the register say of one person.
SELECT e.id_token, e.dataset, e.name, e.birth_date, e.phone_token, e.courtyard_code, e.building, e.unit_no, e.room
  FROM identity.evidence e
 WHERE e.street_code = :street AND (e.dataset = :anchor) = :of_anchor AND e.name IS NOT NULL
   AND (e.id_token IS NOT NULL OR :of_anchor)
 ORDER BY e.dataset, e.record_key, e.trait
