-- One row an entry of the housing register on the last day, by community and courtyard; without a courtyard at the end.
SELECT r.dataset, r.record_key, coalesce(c.name, r.attrs ->> 'courtyard') AS courtyard, r.attrs ->> 'address' AS address,
       left(r.attrs ->> 'built_year', 4) AS built_year, (r.attrs ->> 'buildings')::int AS buildings,
       (r.attrs ->> 'units')::int AS units, (r.attrs ->> 'households')::int AS households,
       (r.attrs ->> 'floor_area')::numeric AS floor_area, r.attrs ->> 'structure' AS structure,
       r.attrs ->> 'ownership' AS ownership, r.attrs ->> 'property_mode' AS property_mode,
       CASE (r.attrs ->> 'has_committee')::boolean WHEN true THEN '有' WHEN false THEN '无' END AS committee,
       coalesce(left(r.attrs ->> 'renovated_in', 4), '—') AS renovated_in, r.attrs ->> 'problems' AS problems,
       jsonb_build_array(jsonb_build_object('delivery_id', r.delivery_id, 'sheet', r.sheet, 'row_no', r.row_no)) AS sources
  FROM warehouse.record r
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE r.street_code = :street_code AND r.dataset = 'old_courtyards' AND r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
 ORDER BY c.community_code NULLS LAST, r.courtyard_code, r.record_key
