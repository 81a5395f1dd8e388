-- One row an organisation on the last day: registered ones by their code, then those kept on file by a community.
SELECT r.dataset, r.record_key, r.attrs ->> 'org_name' AS org_name, r.attrs ->> 'credit_code' AS credit_code,
       r.attrs ->> 'registrar' AS registrar, r.attrs ->> 'head' AS head, r.attrs ->> 'scope' AS scope,
       r.attrs ->> 'served' AS served, r.attrs ->> 'address' AS place, r.attrs ->> 'hours' AS hours,
       r.sealed ->> 'phone' AS phone,
       jsonb_build_array(jsonb_build_object('delivery_id', r.delivery_id, 'sheet', r.sheet, 'row_no', r.row_no)) AS sources
  FROM warehouse.record r
 WHERE r.street_code = :street_code AND r.dataset = 'social_organisations' AND r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
 ORDER BY r.attrs ->> 'credit_code' IS NULL, (r.attrs ->> 'org_name') COLLATE "C", r.record_key
