-- One row a person with a certificate in force; who holds a second certificate number counts once, as said last.
WITH said_last AS (
    SELECT DISTINCT ON (coalesce(person_id, record_key) COLLATE "C") *
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'disabled_persons'
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
     ORDER BY coalesce(person_id, record_key) COLLATE "C", valid_from DESC, is_active DESC, recorded_at DESC, record_key
)
SELECT d.dataset, d.record_key, d.attrs ->> 'name' AS name, d.sealed ->> 'disability_no' AS disability_no,
       d.attrs ->> 'kind' AS kind, d.attrs ->> 'grade' AS grade, d.attrs ->> 'guardian' AS guardian,
       d.attrs ->> 'subsidy' AS subsidy,
       jsonb_build_array(jsonb_build_object('delivery_id', d.delivery_id, 'sheet', d.sheet, 'row_no', d.row_no)) AS sources
  FROM said_last d
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE d.is_active
 ORDER BY c.community_code NULLS LAST, d.courtyard_code, (d.attrs ->> 'name') COLLATE "C", d.record_key
