-- The persons by community, courtyard and name.
SELECT f.dataset, f.record_key, c.community_code, f.attrs ->> 'name' AS name, f.sealed ->> 'disability_no' AS disability_no,
       f.attrs ->> 'kind' AS kind, f.attrs ->> 'grade' AS grade, f.attrs ->> 'guardian' AS guardian,
       f.attrs ->> 'subsidy' AS subsidy,
       jsonb_build_array(jsonb_build_object('delivery_id', f.delivery_id, 'sheet', f.sheet, 'row_no', f.row_no)) AS sources
  FROM facts f
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 ORDER BY c.community_code NULLS LAST, f.courtyard_code, (f.attrs ->> 'name') COLLATE "C", f.record_key
