-- Persons by kind, grade and subsidy, and those whom the police register knows as gone.
WITH said_last AS (
    SELECT DISTINCT ON (coalesce(person_id, record_key) COLLATE "C") *
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'disabled_persons'
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
     ORDER BY coalesce(person_id, record_key) COLLATE "C", valid_from DESC, is_active DESC, recorded_at DESC, record_key
), listed AS (
    SELECT person_id, attrs ->> 'kind' AS kind, attrs ->> 'grade' AS grade, attrs ->> 'subsidy' AS subsidy,
           attrs ->> 'guardian' AS guardian
      FROM said_last WHERE is_active
), counted AS (
    SELECT c.list, string_agg(format('%s%s人', c.label, c.persons), '、' ORDER BY c.code) AS said
      FROM (SELECT c.list, c.code, c.label, count(*) AS persons
              FROM listed l
              JOIN warehouse.code c
                ON (c.list, c.code) IN (('disability_kind', l.kind), ('disability_grade', l.grade), ('disability_subsidy', l.subsidy))
             GROUP BY c.list, c.code, c.label) c
     GROUP BY c.list
)
SELECT format('共%s人', (SELECT count(*) FROM listed))
       || coalesce('；类别：' || max(said) FILTER (WHERE list = 'disability_kind'), '')
       || coalesce('；等级：' || max(said) FILTER (WHERE list = 'disability_grade'), '')
       || coalesce('；补贴：' || max(said) FILTER (WHERE list = 'disability_subsidy'), '') || '。' AS note
  FROM counted
UNION ALL
SELECT format('%s人没有登记监护人，留空。', count(*)) FROM listed WHERE guardian IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('%s人公安实有人口登记已死亡或迁出，残疾人证仍在册，照列，待核实。', count(DISTINCT l.person_id))
  FROM listed l
  JOIN warehouse.record r USING (person_id)
 WHERE r.street_code = :street_code AND r.dataset = 'population' AND NOT r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
HAVING count(*) > 0
