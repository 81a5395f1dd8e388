-- What the figures leave out, and communities without an order.
WITH quiet AS (
    SELECT string_agg(u.name, '、' ORDER BY u.code) AS names
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM facts f WHERE f.row_key = u.code)
)
SELECT '只统计本月受理的办件截至统计截止日的结果；满意率＝满意÷(满意+不满意)×100，没有可除的数时为—。' AS note
UNION ALL
SELECT format('另有%s件截止日仍在办理、未到应办结时间，只计入受理。', sum(pending)) FROM facts HAVING sum(pending) > 0
UNION ALL
SELECT format('另有%s件已办结但来源没有应办结时间，计入受理和平均用时，不计入按期办结和逾期。', sum(without_limit))
  FROM facts HAVING sum(without_limit) > 0
UNION ALL
SELECT format('本月数据已送达、没有受理办件的社区：%s。', names) FROM quiet WHERE names IS NOT NULL
