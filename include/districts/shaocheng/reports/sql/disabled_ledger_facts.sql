-- One row a person with a certificate in force; who holds a second certificate number counts once, as said last.
WITH said_last AS (
    SELECT DISTINCT ON (coalesce(person_id, record_key) COLLATE "C") *
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'disabled_persons'
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
     ORDER BY coalesce(person_id, record_key) COLLATE "C", valid_from DESC, is_active DESC, recorded_at DESC, record_key
)
SELECT * FROM said_last WHERE is_active
