-- Every organisation in the order of the party's own codes, with members or without, members whose organisation is not
-- on the list when there are any, the total.
WITH organisation AS (
    SELECT attrs ->> 'org_no' AS row_key, attrs ->> 'org_name' AS org_name, attrs ->> 'kind' AS kind,
           attrs ->> 'parent_name' AS parent_name, attrs ->> 'secretary' AS secretary,
           attrs ->> 'founded_on' AS founded_on, attrs ->> 'term_ends_on' AS term_ends_on
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'party_organisations' AND is_active
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
    UNION ALL
    SELECT DISTINCT NULL, '未对应党组织', '—', '—', '—', '—', '—' FROM facts WHERE row_key IS NULL
), summed AS (
    SELECT row_key, grouping(row_key) <> 0 AS is_total, sum(members)::int AS members,
           sum(full_members)::int AS full_members, sum(probationary)::int AS probationary, sum(female)::int AS female,
           sum(minority)::int AS minority, sum(age_35)::int AS age_35, sum(age_60)::int AS age_60,
           sum(college)::int AS college, sum(floating)::int AS floating
      FROM facts
     GROUP BY GROUPING SETS ((row_key), ())
)
SELECT s.is_total, s.row_key, CASE WHEN s.is_total THEN '合计' ELSE o.org_name END AS org_name,
       CASE WHEN s.is_total THEN '—' ELSE o.kind END AS kind,
       CASE WHEN s.is_total THEN '—' ELSE o.parent_name END AS parent_name,
       CASE WHEN s.is_total THEN '—' ELSE o.secretary END AS secretary,
       CASE WHEN s.is_total THEN '—' ELSE o.founded_on END AS founded_on,
       CASE WHEN s.is_total THEN '—' ELSE o.term_ends_on END AS term_ends_on,
       coalesce(s.members, 0) AS members, coalesce(s.full_members, 0) AS full_members,
       coalesce(s.probationary, 0) AS probationary, coalesce(s.female, 0) AS female,
       coalesce(s.minority, 0) AS minority, coalesce(s.age_35, 0) AS age_35, coalesce(s.age_60, 0) AS age_60,
       coalesce(s.college, 0) AS college, coalesce(s.floating, 0) AS floating
  FROM summed s
  LEFT JOIN organisation o ON NOT s.is_total AND o.row_key IS NOT DISTINCT FROM s.row_key
 ORDER BY s.is_total, s.row_key NULLS LAST
