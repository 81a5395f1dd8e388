-- One row a person whom the roster lists on the month's last day; listed under two keys, a person counts once, as said
-- last. The visit is the last one made by that day: the quarter's roster may know of a later one.
WITH known AS NOT MATERIALIZED (
    SELECT *, coalesce(person_id, record_key) COLLATE "C" AS person
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'elderly'
       AND recorded_at <= :known_at AND superseded_at > :known_at AND valid_from <= :as_of
), said_last AS (
    SELECT DISTINCT ON (person) *
      FROM known
     WHERE valid_to > :as_of
     ORDER BY person, valid_from DESC, is_active DESC, recorded_at DESC, record_key
), visit AS (
    SELECT DISTINCT ON (person) person, attrs ->> 'visited_on' AS visited_on, delivery_id, sheet, row_no
      FROM known
     WHERE attrs ->> 'visited_on' <= CAST(:as_of AS text)
     ORDER BY person, attrs ->> 'visited_on' DESC, valid_from DESC, record_key
)
SELECT e.dataset, e.record_key, e.attrs ->> 'name' AS name, e.attrs ->> 'sex' AS sex,
       e.attrs ->> 'birth_date' AS birth_date, e.sealed ->> 'id_number' AS id_number, e.attrs ->> 'address' AS address,
       e.attrs ->> 'living' AS living, e.attrs ->> 'self_care' AS self_care, e.attrs ->> 'health' AS health,
       e.attrs ->> 'band' AS band, e.attrs ->> 'contact_name' AS contact_name,
       e.attrs ->> 'contact_relation' AS contact_relation, e.sealed ->> 'contact_phone' AS contact_phone,
       e.attrs ->> 'paired_with' AS paired_with, v.visited_on,
       (SELECT jsonb_agg(DISTINCT jsonb_build_object('delivery_id', s.delivery_id, 'sheet', s.sheet, 'row_no', s.row_no))
          FROM (VALUES (e.delivery_id, e.sheet, e.row_no), (v.delivery_id, v.sheet, v.row_no)) s (delivery_id, sheet, row_no)
         WHERE s.delivery_id IS NOT NULL) AS sources
  FROM said_last e
  LEFT JOIN visit v USING (person)
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE e.is_active
 ORDER BY c.community_code NULLS LAST, e.courtyard_code, (e.attrs ->> 'name') COLLATE "C", e.record_key
