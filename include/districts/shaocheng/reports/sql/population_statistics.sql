-- Every community of the street, zero or not, residents without a community when there are any, the total.
WITH summed AS (
    SELECT row_key, sum(households) AS households, sum(persons) AS persons, sum(hukou) AS hukou,
           sum(floating) AS floating, sum(split_residence) AS split_residence, sum(overseas) AS overseas,
           sum(age_0_6) AS age_0_6, sum(age_7_15) AS age_7_15, sum(age_16_59) AS age_16_59, sum(age_60) AS age_60,
           sum(age_80) AS age_80
      FROM facts
     GROUP BY row_key
), area AS (
    SELECT code AS row_key, name AS area
      FROM warehouse.unit
     WHERE street_code = :street_code AND kind = 'community' AND valid_from <= :as_of AND valid_to > :as_of
    UNION ALL
    SELECT NULL, '未对应社区' FROM summed WHERE row_key IS NULL
)
SELECT grouping(a.row_key, a.area) <> 0 AS is_total, a.row_key,
       CASE WHEN grouping(a.row_key, a.area) <> 0 THEN '合计' ELSE a.area END AS area,
       coalesce(sum(s.households), 0)::int AS households, coalesce(sum(s.persons), 0)::int AS persons,
       coalesce(sum(s.hukou), 0)::int AS hukou, coalesce(sum(s.floating), 0)::int AS floating,
       coalesce(sum(s.split_residence), 0)::int AS split_residence, coalesce(sum(s.overseas), 0)::int AS overseas,
       coalesce(sum(s.age_0_6), 0)::int AS age_0_6, coalesce(sum(s.age_7_15), 0)::int AS age_7_15,
       coalesce(sum(s.age_16_59), 0)::int AS age_16_59, coalesce(sum(s.age_60), 0)::int AS age_60,
       coalesce(sum(s.age_80), 0)::int AS age_80
  FROM area a
  LEFT JOIN summed s ON s.row_key IS NOT DISTINCT FROM a.row_key
 GROUP BY GROUPING SETS ((a.row_key, a.area), ())
 ORDER BY is_total, a.row_key NULLS LAST
