-- The projects in the order of their claiming.
SELECT dataset, record_key, attrs ->> 'project_no' AS project_no, attrs ->> 'project_name' AS project_name,
       attrs ->> 'kind' AS kind, attrs ->> 'claimed_by' AS claimed_by, attrs ->> 'party_org' AS party_org,
       attrs ->> 'responsible' AS responsible, attrs ->> 'served' AS served, claimed_on, due_on, progress,
       -- a project that is not completed has no outcome yet; a completed one without is blank, which asks for it
       coalesce(outcome, CASE WHEN progress <> 'completed' THEN '—' END) AS outcome,
       jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) AS sources
  FROM facts
 ORDER BY claimed_on, (attrs ->> 'project_no') COLLATE "C"
