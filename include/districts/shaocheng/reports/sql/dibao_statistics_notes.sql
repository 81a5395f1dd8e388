-- What the figures leave out: months of the year without a register, and persons whose age is not known.
WITH month AS (
    SELECT generate_series(CAST(:year_start AS timestamp), CAST(:period_start AS timestamp), interval '1 month') AS start
), absent AS (
    SELECT string_agg(format('%s月', date_part('month', m.start)), '、' ORDER BY m.start) AS months
      FROM month m
     WHERE NOT EXISTS (
        SELECT FROM quality.batch b
         WHERE b.street_code = :street_code AND b.dataset = 'dibao_register' AND b.status = 'merged'
           AND b.period = to_char(m.start, 'YYYY-MM'))
), unknown AS (
    SELECT sum(age_unknown) AS persons FROM facts
)
SELECT format('累计人数和累计资金支出不含本年%s（当月登记未入库）。', months) AS note FROM absent WHERE months IS NOT NULL
UNION ALL
SELECT format('另有%s人出生日期不详，计入人数，未计入年龄分组。', persons) FROM unknown WHERE persons > 0
