-- Persons by what puts them on the ledger, those never visited, and those whom the police register knows as gone.
WITH known AS NOT MATERIALIZED (
    SELECT *, coalesce(person_id, record_key) COLLATE "C" AS person
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'elderly'
       AND recorded_at <= :known_at AND superseded_at > :known_at AND valid_from <= :as_of
), said_last AS (
    SELECT DISTINCT ON (person) *
      FROM known
     WHERE valid_to > :as_of
     ORDER BY person, valid_from DESC, is_active DESC, recorded_at DESC, record_key
), visited AS (
    SELECT DISTINCT person FROM known WHERE attrs ->> 'visited_on' <= CAST(:as_of AS text)
), listed AS (
    SELECT person_id, attrs ->> 'living' = 'alone' AS is_alone,
           coalesce(mart.age_on(attrs ->> 'birth_date', :as_of) >= 80, false) AS is_very_old,
           attrs ->> 'band' <> 'none' AS has_allowance,
           v.person IS NOT NULL AS is_visited
      FROM said_last l
      LEFT JOIN visited v USING (person)
     WHERE is_active
)
SELECT format('共%s人，其中独居%s人、80周岁及以上%s人（既独居又满80周岁%s人）；享受高龄津贴%s人。', count(*),
              count(*) FILTER (WHERE is_alone), count(*) FILTER (WHERE is_very_old),
              count(*) FILTER (WHERE is_alone AND is_very_old), count(*) FILTER (WHERE has_allowance)) AS note
  FROM listed
UNION ALL
SELECT '名册每季度更新一次、只登记最近一次探访；截止日之后的探访不列，列此前登记的一次。'
UNION ALL
SELECT format('%s人到截止日没有登记过探访，探访时间留空，其中独居%s人。', count(*), count(*) FILTER (WHERE is_alone))
  FROM listed WHERE NOT is_visited HAVING count(*) > 0
UNION ALL
SELECT format('%s人既非独居又不满80周岁，按名册列出，待核实。', count(*))
  FROM listed WHERE NOT is_alone AND NOT is_very_old HAVING count(*) > 0
UNION ALL
SELECT format('%s人公安实有人口登记已死亡或迁出，名册仍在册，照列，待核实。', count(DISTINCT l.person_id))
  FROM listed l
  JOIN warehouse.record r USING (person_id)
 WHERE r.street_code = :street_code AND r.dataset = 'population' AND NOT r.is_active
   AND r.valid_from <= :as_of AND r.valid_to > :as_of
   AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
HAVING count(*) > 0
