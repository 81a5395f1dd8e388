-- Households and persons by category, so that the roster can be set against 城市低保统计表.
WITH member AS (
    SELECT r.attrs ->> 'category' AS category, r.attrs ->> 'benefit_no' AS benefit_no,
           coalesce(r.person_id, r.record_key) AS person
      FROM warehouse.record r
     WHERE r.street_code = :street_code AND r.dataset = 'dibao_register' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), counted AS (
    SELECT c.code, c.label, count(DISTINCT m.benefit_no) AS households, count(DISTINCT m.person) AS persons
      FROM member m
      JOIN warehouse.code c ON c.street_code = :street_code AND c.list = 'dibao_category' AND c.code = m.category
     GROUP BY c.code, c.label
)
SELECT format('合计%s户%s人', count(DISTINCT benefit_no), count(DISTINCT person))
       || coalesce((SELECT '，其中' || string_agg(format('%s%s户%s人', label, households, persons), '、' ORDER BY code)
                      FROM counted), '')
       || '。《城市低保统计表》只统计保障类别为城市低保的对象。' AS note
  FROM member
