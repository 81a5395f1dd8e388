-- One row a project that was ever claimed, as it stood on the last day.
SELECT r.dataset, r.record_key, r.attrs ->> 'project_no' AS project_no, r.attrs ->> 'project_name' AS project_name,
       r.attrs ->> 'kind' AS kind, r.attrs ->> 'claimed_by' AS claimed_by, r.attrs ->> 'party_org' AS party_org,
       r.attrs ->> 'responsible' AS responsible, r.attrs ->> 'served' AS served, r.attrs ->> 'claimed_on' AS claimed_on,
       r.attrs ->> 'due_on' AS due_on, r.attrs ->> 'progress' AS progress,
       -- a project that is not completed has no outcome yet; a completed one without is blank, which asks for it
       coalesce(nullif(r.attrs ->> 'outcome', ''), CASE WHEN r.attrs ->> 'progress' <> 'completed' THEN '—' END) AS outcome,
       jsonb_build_array(jsonb_build_object('delivery_id', r.delivery_id, 'sheet', r.sheet, 'row_no', r.row_no)) AS sources
  FROM warehouse.record r
 WHERE r.street_code = :street_code AND r.dataset = 'party_projects' AND r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
 ORDER BY r.attrs ->> 'claimed_on', (r.attrs ->> 'project_no') COLLATE "C"
