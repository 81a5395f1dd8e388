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
SELECT e.*, v.visited_on, e.attrs ->> 'living' = 'alone' AS is_alone,
       coalesce(mart.age_on(e.attrs ->> 'birth_date', :as_of) >= 80, false) AS is_very_old,
       jsonb_build_array(jsonb_build_object('delivery_id', e.delivery_id, 'sheet', e.sheet, 'row_no', e.row_no))
       || CASE WHEN (v.delivery_id, v.sheet, v.row_no) <> (e.delivery_id, e.sheet, e.row_no)
               THEN jsonb_build_array(jsonb_build_object('delivery_id', v.delivery_id, 'sheet', v.sheet, 'row_no', v.row_no))
               ELSE '[]' END AS sources
  FROM said_last e
  LEFT JOIN visit v USING (person)
 WHERE e.is_active
