-- Every community of the street, zero or not, children without a community when there are any, the total.
WITH area AS (
    SELECT code AS row_key, name AS area
      FROM warehouse.unit
     WHERE street_code = :street_code AND kind = 'community' AND valid_from <= :as_of AND valid_to > :as_of
    UNION ALL
    SELECT DISTINCT NULL, '未对应社区' FROM facts WHERE row_key IS NULL AND is_listed
)
SELECT grouping(a.row_key, a.area) <> 0 AS is_total, a.row_key,
       CASE WHEN grouping(a.row_key, a.area) <> 0 THEN '合计' ELSE a.area END AS area,
       coalesce(sum(f.total), 0)::int AS total, coalesce(sum(f.male), 0)::int AS male,
       coalesce(sum(f.female), 0)::int AS female, coalesce(sum(f.hukou), 0)::int AS hukou,
       coalesce(sum(f.migrant), 0)::int AS migrant, coalesce(sum(f.disabled), 0)::int AS disabled,
       coalesce(sum(f.deferred), 0)::int AS deferred
  FROM area a
  LEFT JOIN facts f ON f.row_key IS NOT DISTINCT FROM a.row_key
 GROUP BY GROUPING SETS ((a.row_key, a.area), ())
 ORDER BY is_total, a.row_key NULLS LAST
