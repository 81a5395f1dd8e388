-- Every community of the street, zero or not, members without a community when there are any, the total.
WITH area AS (
    SELECT code AS row_key, name AS area
      FROM warehouse.unit
     WHERE street_code = :street_code AND kind = 'community' AND valid_from <= :as_of AND valid_to > :as_of
    UNION ALL
    SELECT DISTINCT NULL, '未对应社区' FROM facts WHERE row_key IS NULL
), counted AS (
    SELECT grouping(a.row_key, a.area) <> 0 AS is_total, a.row_key, a.area,
           coalesce(sum(f.households), 0)::int AS households, coalesce(sum(f.persons), 0)::int AS persons,
           coalesce(sum(f.year_persons), 0)::int AS year_persons, coalesce(sum(f.elders), 0)::int AS elders,
           coalesce(sum(f.adults), 0)::int AS adults, coalesce(sum(f.minors), 0)::int AS minors,
           coalesce(sum(f.month_amount), 0) AS month_amount, coalesce(sum(f.year_amount), 0) AS year_amount
      FROM area a
      LEFT JOIN facts f ON f.row_key IS NOT DISTINCT FROM a.row_key
     GROUP BY GROUPING SETS ((a.row_key, a.area), ())
)
SELECT is_total, row_key, CASE WHEN is_total THEN '合计' ELSE area END AS area, households, persons, year_persons,
       elders, adults, minors, month_amount / 10000 AS month_amount_wan, year_amount,
       month_amount / nullif(persons, 0) AS per_person, CAST(:dibao_standard_yuan AS int) AS standard
  FROM counted
 ORDER BY is_total, row_key NULLS LAST
