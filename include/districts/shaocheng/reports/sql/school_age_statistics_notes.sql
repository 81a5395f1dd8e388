-- The window, how the figures stand to the roster, what they leave out, and why a community has none.
WITH child AS (
    SELECT * FROM facts WHERE is_child AND is_listed
), empty AS (
    SELECT u.code, u.name
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM child WHERE child.row_key = u.code)
), answered AS (
    SELECT e.code, e.name, count(s.unit_code) AS grids, count(*) FILTER (WHERE s.status = 'missing') AS missing,
           count(*) FILTER (WHERE s.status = 'confirmed_nil') AS nil
      FROM empty e
      LEFT JOIN mart.submission_status s
        ON s.street_code = :street_code AND s.dataset = 'grid_school_age' AND s.community_code = e.code
       AND s.period = to_char(CAST(:as_of AS date), 'YYYY"Q"Q')
     GROUP BY e.code, e.name
)
SELECT note FROM (
    SELECT 1 AS place, '' AS code,
           format('统计出生日期%s至%s（含首尾两日）的儿童；《适龄儿童摸底表》列%s人，等于总数%s人加延缓入学%s人。',
                  to_char(CAST(:born_from AS date), 'FMYYYY年FMMM月FMDD日'),
                  to_char(CAST(:born_to AS date), 'FMYYYY年FMMM月FMDD日'),
                  count(*), coalesce(sum(total), 0), coalesce(sum(deferred), 0)) AS note
      FROM child
    UNION ALL
    SELECT 2, '', format('总数中%s人既非本区户籍也非随迁（境外，或户籍在外区而未报随迁），未计入这两列。', count(*))
      FROM child WHERE total = 1 AND hukou = 0 AND migrant = 0 HAVING count(*) > 0
    UNION ALL
    SELECT 3, '', format('总数中%s人性别不详，未计入男、女。', count(*))
      FROM child WHERE total = 1 AND male = 0 AND female = 0 HAVING count(*) > 0
    UNION ALL
    SELECT 4, '', format('总数中%s人公安实有人口在册、网格未报，待核实。', count(*))
      FROM child WHERE total = 1 AND in_grid IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 5, '', format('%s人网格报迁出、死亡或退出，公安仍登记在住，未计入，待核实。', count(*))
      FROM facts WHERE is_child AND NOT is_listed HAVING count(*) > 0
    UNION ALL
    SELECT 6, '', format('%s人报随迁而公安登记为户籍人口，按公安登记计入本区户籍。', count(*))
      FROM child WHERE total = 1 AND said_migrant AND residence_type = 'hukou' HAVING count(*) > 0
    UNION ALL
    SELECT 7, '', '延缓入学按网格备注中注明的计；没有备注的不推定，最终以教育局审批为准。'
    UNION ALL
    SELECT 8, code,
           name || '为0：' || CASE WHEN grids = 0 THEN '没有网格报送任务，公安登记中也没有。'
                                  WHEN nil = grids THEN format('所辖%s个网格均确认无适龄儿童。', grids)
                                  WHEN missing > 0 THEN format('所辖%s个网格中%s个未报，公安登记中没有。', grids, missing)
                                  ELSE format('所辖%s个网格已报，公安登记中也没有。', grids) END
      FROM answered
) noted
 ORDER BY place, code
