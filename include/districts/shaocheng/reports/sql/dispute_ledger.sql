-- Disputes registered in the week, and earlier ones that were not settled when it began, with what residents reported unless
-- the source lists the same thing (mart.case_in_ledger). The source tells once a month how
-- things stand, so what it says was settled after the week was open on the week's last day.
WITH dispute AS (
    SELECT r.*, ((r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
           r.attrs ->> 'status' AS status, left(r.attrs ->> 'settled_on', 10) AS settled_on,
           before.attrs ->> 'status' AS status_before
      FROM warehouse.record r
      LEFT JOIN warehouse.record before
        ON before.street_code = r.street_code AND before.dataset = r.dataset AND before.record_key = r.record_key
       AND before.valid_from < date_trunc('month', CAST(:period_start AS date))
       AND before.valid_to >= date_trunc('month', CAST(:period_start AS date))
       AND before.recorded_at <= :known_at AND before.superseded_at > :known_at
     WHERE r.street_code = :street_code AND r.dataset = 'disputes' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), placed AS (
    SELECT *, status = 'settled' AND coalesce(settled_on <= to_char(CAST(:as_of AS date), 'YYYY-MM-DD'), true) AS is_settled,
           -- 引导诉讼 has no date: it ended the dispute by the month's end by which the source said so
           coalesce(settled_on < to_char(CAST(:period_start AS date), 'YYYY-MM-DD'), false)
               OR coalesce(status_before IN ('settled', 'transferred') AND settled_on IS NULL, false) AS was_over
      FROM dispute
)
SELECT dataset, record_key, found_on::text AS found_on, attrs ->> 'address' AS place, attrs ->> 'kind' AS kind,
       attrs ->> 'parties' AS parties, (attrs ->> 'persons')::int AS persons, attrs ->> 'summary' AS summary,
       attrs ->> 'risk' AS risk, attrs ->> 'responsible' AS responsible, attrs ->> 'measures' AS measures,
       CASE WHEN status = 'settled' AND NOT is_settled THEN '未化解' ELSE status END AS status,
       CASE WHEN is_settled THEN settled_on ELSE '—' END AS settled_on,
       CASE WHEN is_settled THEN attrs ->> 'agreement' ELSE '—' END AS agreement,
       jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) AS sources
  FROM placed
 WHERE found_on BETWEEN :period_start AND :as_of OR (found_on < :period_start AND NOT was_over)
UNION ALL
SELECT 'cases', case_no, found_on::text, place, kind, NULL, NULL, description, NULL, NULL, measures,
       CASE WHEN closed_on IS NOT NULL THEN 'settled' WHEN status = 'waiting' THEN 'open' ELSE 'mediating' END,
       coalesce(closed_on::text, '—'), CASE WHEN closed_on IS NULL THEN '—' END, sources
  FROM mart.case_in_ledger('dispute', :period, :known_at)
 WHERE street_code = :street_code AND same_record IS NULL
 ORDER BY found_on, record_key
