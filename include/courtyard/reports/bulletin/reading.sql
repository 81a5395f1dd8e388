-- name: known_at
SELECT max(recorded_at) FROM mart.courtyard_indicator_history
 WHERE street_code = :street AND period = ANY(:periods) AND superseded_at = 'infinity'

-- name: has_anything
-- People and places are known of in every later quarter; what came for this one makes it a quarter to tell of.
SELECT EXISTS (SELECT FROM mart.courtyard_indicator_history WHERE street_code = :street AND period = :period)
   AND EXISTS (SELECT FROM quality.batch WHERE street_code = :street AND period = ANY(:within) AND status = 'merged')

-- name: indicators
SELECT level, unit_code, unit_name, indicator, title, unit, value, state, courtyards, courtyards_known, previous, change, year_before
  FROM mart.courtyard_indicator_as_of(:period, :known_at)
 WHERE street_code = :street AND level IN ('street', 'community')
 ORDER BY level, unit_code, indicator

-- name: totals
SELECT q.period, m.module || '.' || e.key AS figure, sum((e.value #>> '{}')::numeric) AS total
  FROM unnest(CAST(:periods AS text[])) AS q (period)
 CROSS JOIN LATERAL mart.courtyard_archive_as_of(q.period, :known_at) a
 CROSS JOIN LATERAL (VALUES ('population', a.population), ('response', a.response)) AS m (module, figures)
 CROSS JOIN LATERAL jsonb_each(m.figures) e
 WHERE a.street_code = :street AND jsonb_typeof(e.value) = 'number'
 GROUP BY q.period, m.module, e.key

-- name: places
SELECT c.community_name, c.lon::float8 AS lon, c.lat::float8 AS lat,
       (SELECT coalesce(sum((e.value #>> '{}')::numeric), 0)::int FROM jsonb_each(a.response) e
         WHERE e.key LIKE '%\_overdue' AND jsonb_typeof(e.value) = 'number') AS overdue
  FROM mart.courtyard_as_of(:period, :known_at) c
  LEFT JOIN mart.courtyard_archive_as_of(:period, :known_at) a USING (street_code, courtyard_code)
 WHERE c.street_code = :street AND c.lon IS NOT NULL AND c.lat IS NOT NULL
 ORDER BY c.community_code, c.courtyard_code

-- name: submissions
SELECT kind, unit_name, owed, reported, confirmed_nil, missing, refused, grids, grids_missing
  FROM mart.submission_summary WHERE street_code = :street AND period = :period AND kind IN ('street', 'community')
 ORDER BY unit_code

-- name: unjudged
SELECT title, count(*)::int AS courtyards FROM mart.courtyard_tag_unjudged_as_of(:period, :known_at)
 WHERE street_code = :street GROUP BY title ORDER BY count(*) DESC, title

-- name: quarantined
SELECT coalesce(sum(quarantined), 0)::int AS rows, coalesce(sum(landed), 0)::int AS landed FROM quality.batch
 WHERE street_code = :street AND status = 'merged' AND period = ANY(:within)

-- name: holds
SELECT report, period, reason FROM publish.hold WHERE street_code = :street AND period = ANY(:within)
 ORDER BY report, period

-- name: revised
SELECT manifest ->> 'title' AS title, period, revision, as_known_at FROM publish.publication
 WHERE street_code = :street AND report <> :bulletin AND revision > 1 AND as_known_at > CAST(:since AS timestamptz)
 ORDER BY as_known_at, title, period, revision

-- name: last_bulletin
SELECT as_known_at FROM publish.publication
 WHERE street_code = :street AND report = :bulletin AND period = :previous ORDER BY revision LIMIT 1
