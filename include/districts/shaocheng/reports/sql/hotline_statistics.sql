-- Every community of the street, zero or not, orders without a community when there are any, the total.
WITH area AS (
    SELECT code AS row_key, name AS area
      FROM warehouse.unit
     WHERE street_code = :street_code AND kind = 'community' AND valid_from <= :as_of AND valid_to > :as_of
    UNION ALL
    SELECT DISTINCT NULL, '未对应社区' FROM facts WHERE row_key IS NULL
)
SELECT grouping(a.row_key, a.area) <> 0 AS is_total, a.row_key,
       CASE WHEN grouping(a.row_key, a.area) <> 0 THEN '合计' ELSE a.area END AS area,
       coalesce(sum(f.accepted), 0) AS accepted, coalesce(sum(f.on_time), 0) AS on_time,
       coalesce(sum(f.overdue), 0) AS overdue, coalesce(sum(f.returned), 0) AS returned,
       coalesce(sum(f.duplicates), 0) AS duplicates, coalesce(sum(f.satisfied), 0) AS satisfied,
       coalesce(sum(f.dissatisfied), 0) AS dissatisfied,
       100.0 * sum(f.satisfied) / nullif(sum(f.satisfied + f.dissatisfied), 0) AS satisfaction_rate,
       avg(f.hours) AS mean_hours
  FROM area a
  LEFT JOIN facts f ON f.row_key IS NOT DISTINCT FROM a.row_key
 GROUP BY GROUPING SETS ((a.row_key, a.area), ())
 ORDER BY is_total, a.row_key NULLS LAST
