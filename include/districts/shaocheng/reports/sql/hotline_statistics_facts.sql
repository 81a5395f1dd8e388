-- One row an order accepted in the month, as it stood at the end of the month's last day.
WITH told AS (
    SELECT r.delivery_id, r.sheet, r.row_no, c.community_code, r.attrs ->> 'status' AS status,
           r.attrs ->> 'satisfaction' AS satisfaction, r.attrs ->> 'duplicate_of' AS duplicate_of,
           (r.attrs ->> 'created_at')::timestamptz AS created_at, (r.attrs ->> 'due_at')::timestamptz AS due_at,
           (r.attrs ->> 'closed_at')::timestamptz AS closed_at,
           CAST(:period_end AS date)::timestamp AT TIME ZONE 'Asia/Shanghai' AS cutoff
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'hotline_cases' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
       AND ((r.attrs ->> 'created_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :period_start AND :as_of
), stood AS (
    SELECT *, status = 'resolved' AND closed_at < cutoff AS is_resolved,
           status = 'returned' AND coalesce(closed_at < cutoff, true) AS is_returned
      FROM told
), judged AS (
    SELECT *, coalesce(is_resolved, false) AS resolved_by_then,
           coalesce(CASE WHEN is_resolved THEN closed_at > due_at ELSE due_at < cutoff END, false) AND NOT is_returned AS is_late
      FROM stood
)
SELECT community_code AS row_key, delivery_id, sheet, row_no, 1 AS accepted,
       (resolved_by_then AND coalesce(closed_at <= due_at, false))::int AS on_time,
       is_late::int AS overdue,
       is_returned::int AS returned,
       (duplicate_of IS NOT NULL)::int AS duplicates,
       (resolved_by_then AND satisfaction IS NOT DISTINCT FROM 'satisfied')::int AS satisfied,
       (resolved_by_then AND satisfaction IS NOT DISTINCT FROM 'dissatisfied')::int AS dissatisfied,
       resolved_by_then::int AS resolved,
       CASE WHEN resolved_by_then THEN extract(epoch FROM closed_at - created_at) / 3600 END AS hours,
       (resolved_by_then AND due_at IS NULL)::int AS without_limit,
       (NOT resolved_by_then AND NOT is_returned AND NOT is_late)::int AS pending
  FROM judged
