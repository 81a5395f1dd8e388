-- Why an organisation has no member, how the branches add up below each organisation, and what the figures leave out.
WITH organisation AS (
    SELECT attrs ->> 'org_no' AS org_no, attrs ->> 'org_name' AS org_name, attrs ->> 'kind' AS kind,
           attrs ->> 'parent_name' AS parent_name
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'party_organisations' AND is_active
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
), counted AS (
    SELECT o.*, coalesce(sum(f.members), 0) AS members,
           EXISTS (SELECT FROM organisation below WHERE below.parent_name = o.org_name) AS is_above
      FROM organisation o
      LEFT JOIN facts f ON f.row_key = o.org_no
     GROUP BY o.org_no, o.org_name, o.kind, o.parent_name
), below AS (
    SELECT parent_name, min(org_no) AS place, count(*) AS organisations, sum(members) AS members
      FROM counted
     WHERE parent_name IN (SELECT org_name FROM counted) AND NOT is_above
     GROUP BY parent_name
), grid AS (
    SELECT count(DISTINCT coalesce(person_id, record_key)) AS members
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset = 'grid_party_members' AND is_active
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
)
SELECT note FROM (
    SELECT 1 AS place, '' AS code,
           '党员只统计在其所在党支部，不在上级党组织重复统计；' || string_agg(org_name, '、' ORDER BY org_no)
           || '本级没有直接编入的党员，填0。' AS note
      FROM counted WHERE is_above AND members = 0 HAVING count(*) > 0
    UNION ALL
    SELECT 2, '', '按上级汇总：' || string_agg(format('%s所属%s个党组织%s人', parent_name, organisations, members), '；' ORDER BY place)
                  || '。'
      FROM below HAVING count(*) > 0
    UNION ALL
    SELECT 3, '', string_agg(org_name, '、' ORDER BY org_no) || '填0：党员名册中没有编入这些党组织的在册党员，待核实。'
      FROM counted WHERE NOT is_above AND members = 0 HAVING count(*) > 0
    UNION ALL
    SELECT 4, '', format('“未对应党组织”%s人：名册所写的党组织不在党组织名单中，待核实。', sum(members))
      FROM facts WHERE row_key IS NULL HAVING sum(members) > 0
    UNION ALL
    SELECT 5, '', format('另有%s人出生日期不详，计入党员总数，未计入年龄两列。', sum(age_unknown))
      FROM facts HAVING sum(age_unknown) > 0
    UNION ALL
    SELECT 6, '', format('组织部党员名册%s人，按组织关系统计；网格采集表《党组织成员》%s人，按居住地采集，两者不必相等。',
                         (SELECT coalesce(sum(members), 0) FROM facts), grid.members)
      FROM grid
) noted
 ORDER BY place, code
