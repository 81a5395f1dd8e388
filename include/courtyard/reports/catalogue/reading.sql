-- name: publications
SELECT report, period, revision, content_hash, as_known_at, folder, rows, manifest FROM publish.publication
 WHERE street_code = :street ORDER BY report, period, revision DESC

-- name: holds
SELECT report, period, reason FROM publish.hold WHERE street_code = :street

-- name: cells
SELECT report, period, revision, sum(asked)::int AS asked, sum(filled)::int AS filled, sum(by_hand)::int AS by_hand
  FROM publish.cell_count WHERE street_code = :street GROUP BY report, period, revision

-- name: arrivals
SELECT count(DISTINCT b.delivery_id)::int AS deliveries, max(d.received_at) AS received_at
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.dataset = :dataset AND b.period = :period AND b.status = 'merged'
   AND d.received_at <= :known_at

-- name: sign_offs
SELECT DISTINCT ON (report, period, revision) report, period, revision, decision, reason, post, at
  FROM publish.sign_off WHERE street_code = :street AND decision <> 'refused'
 ORDER BY report, period, revision, at DESC, sign_id DESC

-- name: sendings
SELECT report, period, revision, recipient, channel, error,
       CASE WHEN confirmed_at IS NOT NULL THEN '已送达并核对' WHEN sent_at IS NOT NULL THEN '已送出'
            WHEN error <> '' THEN '未送出' ELSE '待送出' END AS state, coalesce(confirmed_at, sent_at) AS at,
       basis LIKE '%；免签发（%' AS is_waived
  FROM publish.sending WHERE street_code = :street ORDER BY report, period, revision, recipient, channel

-- name: recalls
SELECT report, period, new_revision AS revision, recipient, '更正通知' AS channel, state, '' AS error,
       coalesce(acknowledged_at, sent_at) AS at, false AS is_waived
  FROM mart.report_recall WHERE street_code = :street ORDER BY report, period, new_revision, recipient, old_revision

-- name: checks
SELECT report, period, content_hash, title, status, reason
  FROM publish.check_result WHERE street_code = :street ORDER BY report, period, content_hash, place

-- name: changes
WITH cause AS (
    SELECT c.report, c.period, c.revision, c.change_no, c.kind, c.header,
           (SELECT string_agg(DISTINCT d.source, ' ' ORDER BY d.source)
              FROM jsonb_array_elements(c.cause) e JOIN landing.delivery d ON d.delivery_id = e ->> 'delivery_id') AS sources
      FROM mart.report_change c WHERE c.street_code = :street
)
SELECT report, period, revision, kind, header, sources, count(*)::int AS cells
  FROM cause GROUP BY report, period, revision, kind, header, sources
 ORDER BY report, period, revision, min(change_no)
