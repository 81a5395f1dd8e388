-- Persons by kind, grade and subsidy, and those whom the police register knows as gone.
WITH counted AS (
    SELECT c.list, c.code, c.label, count(*) AS persons
      FROM facts f
      JOIN warehouse.code c
        ON c.street_code = :street_code AND (c.list, c.code) IN (('disability_kind', f.attrs ->> 'kind'), ('disability_grade', f.attrs ->> 'grade'),
                                ('disability_subsidy', f.attrs ->> 'subsidy'))
     GROUP BY c.list, c.code, c.label
), said AS (
    SELECT list, string_agg(format('%s%s人', label, persons), '、' ORDER BY code) AS text FROM counted GROUP BY list
)
SELECT format('共%s人', (SELECT count(*) FROM facts))
       || coalesce('；类别：' || max(text) FILTER (WHERE list = 'disability_kind'), '')
       || coalesce('；等级：' || max(text) FILTER (WHERE list = 'disability_grade'), '')
       || coalesce('；补贴：' || max(text) FILTER (WHERE list = 'disability_subsidy'), '') || '。' AS note
  FROM said
UNION ALL
SELECT format('%s人没有登记监护人，留空。', count(*)) FROM facts WHERE attrs ->> 'guardian' IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('%s人公安实有人口登记已死亡或迁出，残疾人证仍在册，照列，待核实。', count(DISTINCT f.person_id))
  FROM facts f
  JOIN warehouse.record r USING (person_id)
 WHERE r.street_code = :street_code AND r.dataset = 'population' AND NOT r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
HAVING count(*) > 0
