-- What the roster adds up to, so that it can be set against 适龄儿童统计表, and what nobody collects.
WITH child AS (
    SELECT * FROM facts WHERE is_child AND is_listed
)
SELECT format('出生日期%s至%s（含首尾两日）的儿童%s人；计入《适龄儿童统计表》%s人，其中男%s人、女%s人，本区户籍%s人、随迁%s人；'
              '延缓入学%s人列出、不计入。',
              to_char(CAST(:born_from AS date), 'FMYYYY年FMMM月FMDD日'), to_char(CAST(:born_to AS date), 'FMYYYY年FMMM月FMDD日'),
              count(*), sum(total), sum(male), sum(female), sum(hukou), sum(migrant), sum(deferred)) AS note
  FROM child
HAVING count(*) > 0
UNION ALL
SELECT format('出生日期%s至%s（含首尾两日）的儿童0人。', to_char(CAST(:born_from AS date), 'FMYYYY年FMMM月FMDD日'),
              to_char(CAST(:born_to AS date), 'FMYYYY年FMMM月FMDD日'))
 WHERE NOT EXISTS (SELECT FROM child)
UNION ALL
SELECT '户口性质、房产/居住证、拟入学方式没有一个来源采集，留空，由学校报名时核验填写。'
UNION ALL
SELECT format('其中%s人公安实有人口在册、网格未报，备注“网格未报，待核实”；监护人、关系没有学籍或网格数据的留空。', count(*))
  FROM child WHERE in_grid IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('另有%s人网格报迁出、死亡或退出，公安仍登记在住，未列入，待核实。', count(*))
  FROM facts WHERE is_child AND NOT is_listed HAVING count(*) > 0
UNION ALL
SELECT '本表为不满十四周岁未成年人的敏感个人信息，只用于入学安排，不得转作他用。'
