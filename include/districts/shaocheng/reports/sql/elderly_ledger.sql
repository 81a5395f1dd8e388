-- The persons by community, courtyard and name.
SELECT f.dataset, f.record_key, c.community_code, f.attrs ->> 'name' AS name, f.attrs ->> 'sex' AS sex,
       f.attrs ->> 'birth_date' AS birth_date, f.sealed ->> 'id_number' AS id_number, f.attrs ->> 'address' AS address,
       f.attrs ->> 'living' AS living, f.attrs ->> 'self_care' AS self_care, f.attrs ->> 'health' AS health,
       f.attrs ->> 'band' AS band, f.attrs ->> 'contact_name' AS contact_name,
       f.attrs ->> 'contact_relation' AS contact_relation, f.sealed ->> 'contact_phone' AS contact_phone,
       f.attrs ->> 'paired_with' AS paired_with, f.visited_on, f.sources
  FROM facts f
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 ORDER BY c.community_code NULLS LAST, f.courtyard_code, (f.attrs ->> 'name') COLLATE "C", f.record_key
