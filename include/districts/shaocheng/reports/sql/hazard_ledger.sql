-- Hazards found in the month, and earlier ones that were not closed out when it began; each as on the month's last day.
WITH hazard AS (
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
)
SELECT row_number() OVER (ORDER BY found_at, record_key) AS number, dataset, record_key,
       to_char(found_at, 'YYYY-MM-DD') AS found_at, attrs ->> 'address' AS place,
       attrs ->> 'description' AS description, attrs ->> 'kind' AS kind, attrs ->> 'grade' AS grade,
       attrs ->> 'measures' AS measures, attrs ->> 'responsible_unit' AS responsible_unit,
       attrs ->> 'responsible' AS responsible, attrs ->> 'due_on' AS due_on,
       CASE WHEN completed_on <= :as_of THEN completed_on::text WHEN NOT is_closed THEN '—' END AS completed_on,
       CASE WHEN is_closed THEN attrs ->> 'reviewer' ELSE '—' END AS reviewer,
       CASE WHEN is_closed THEN '是' ELSE '否' END AS closed,
       jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) AS sources
  FROM hazard
 WHERE found_at::date >= :period_start OR NOT was_closed
 ORDER BY number
