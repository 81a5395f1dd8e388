-- Hazards found in the month, and earlier ones that were not closed out when it began; each as on the month's last day. What
-- residents reported stands beside what the department lists, unless that is the same thing (mart.case_in_ledger).
WITH told AS (
    SELECT r.*, (r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai' AS found_at,
           (r.attrs ->> 'is_closed')::boolean AS is_closed, (r.attrs ->> 'completed_on')::date AS completed_on,
           EXISTS (SELECT FROM warehouse.record b
                    WHERE b.street_code = r.street_code AND b.dataset = r.dataset AND b.record_key = r.record_key
                      AND b.valid_from < :period_start AND b.valid_to >= :period_start
                      AND b.recorded_at <= :known_at AND b.superseded_at > :known_at
                      AND (b.attrs ->> 'is_closed')::boolean) AS was_closed
      FROM warehouse.record r
     WHERE r.street_code = :street_code AND r.dataset = 'hazards' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), hazard AS (
    SELECT dataset, record_key, found_at, attrs ->> 'address' AS place, attrs ->> 'description' AS description,
           attrs ->> 'kind' AS kind, attrs ->> 'grade' AS grade, attrs ->> 'measures' AS measures,
           attrs ->> 'responsible_unit' AS responsible_unit, attrs ->> 'responsible' AS responsible,
           attrs ->> 'due_on' AS due_on,
           CASE WHEN completed_on <= :as_of THEN completed_on::text WHEN NOT is_closed THEN '—' END AS completed_on,
           CASE WHEN is_closed THEN attrs ->> 'reviewer' ELSE '—' END AS reviewer, is_closed,
           jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) AS sources
      FROM told
     WHERE found_at::date >= :period_start OR NOT was_closed
    UNION ALL
    SELECT 'cases', case_no, opened_at AT TIME ZONE 'Asia/Shanghai', place, description, kind, 'general', measures,
           responsible_unit, NULL, due_on::text, coalesce(completed_on::text, closed_on::text, '—'),
           CASE WHEN closed_on IS NULL THEN '—' WHEN closed_by = 'confirmed' THEN '反映人' END, closed_on IS NOT NULL, sources
      FROM mart.case_in_ledger('hazard', :period, :known_at)
     WHERE street_code = :street_code AND same_record IS NULL
)
SELECT row_number() OVER (ORDER BY found_at, record_key) AS number, dataset, record_key,
       to_char(found_at, 'YYYY-MM-DD') AS found_at, place, description, kind, grade, measures, responsible_unit,
       responsible, due_on, completed_on, reviewer,
       CASE WHEN is_closed THEN '是' ELSE '否' END AS closed, sources
  FROM hazard
 ORDER BY number
