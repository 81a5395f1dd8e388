-- Persons by what puts them on the ledger, those never visited, and those whom the police register knows as gone.
SELECT format('共%s人，其中独居%s人、80周岁及以上%s人（既独居又满80周岁%s人）；享受高龄津贴%s人。', count(*),
              count(*) FILTER (WHERE is_alone), count(*) FILTER (WHERE is_very_old),
              count(*) FILTER (WHERE is_alone AND is_very_old), count(*) FILTER (WHERE attrs ->> 'band' <> 'none')) AS note
  FROM facts
UNION ALL
SELECT '名册每季度更新一次、只登记最近一次探访；截止日之后的探访不列，列此前登记的一次。'
UNION ALL
SELECT format('%s人到截止日没有登记过探访，探访时间留空，其中独居%s人。', count(*), count(*) FILTER (WHERE is_alone))
  FROM facts WHERE visited_on IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('%s人既非独居又不满80周岁，按名册列出，待核实。', count(*))
  FROM facts WHERE NOT is_alone AND NOT is_very_old HAVING count(*) > 0
UNION ALL
SELECT format('%s人公安实有人口登记已死亡或迁出，名册仍在册，照列，待核实。', count(DISTINCT f.person_id))
  FROM facts f
  JOIN warehouse.record r USING (person_id)
 WHERE r.street_code = :street_code AND r.dataset = 'population' AND NOT r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
HAVING count(*) > 0
