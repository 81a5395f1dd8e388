-- How many there are of each kind, and which communities have no place of any.
WITH organisation AS (
    SELECT r.attrs, c.community_code
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'social_organisations' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), counted AS (
    SELECT count(*) AS listed, count(attrs ->> 'credit_code') AS registered,
           count(*) FILTER (WHERE community_code IS NULL) AS elsewhere
      FROM organisation
), quiet AS (
    SELECT string_agg(u.name, '、' ORDER BY u.code) AS names
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM organisation o WHERE o.community_code = u.code)
)
SELECT format('合计%s个：有统一社会信用代码的%s个，没有的（在社区备案）%s个。', listed, registered, listed - registered) AS note
  FROM counted
UNION ALL
SELECT format('其中%s个的场地未填或不在本街道院落内，仍列入。', elsewhere) FROM counted WHERE elsewhere > 0
UNION ALL
SELECT format('没有场地在本社区的：%s。', names) FROM quiet WHERE names IS NOT NULL
