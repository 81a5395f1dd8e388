-- Projects by progress, new ones, those that are late, and those completed without an outcome.
WITH counted AS (
    SELECT c.code, c.label, count(*) AS projects
      FROM facts f
      JOIN warehouse.code c ON c.street_code = :street_code AND c.list = 'project_progress' AND c.code = f.progress
     GROUP BY c.code, c.label
)
SELECT format('累计认领%s个', count(*))
       || coalesce((SELECT '，其中' || string_agg(format('%s%s个', label, projects), '、' ORDER BY code) FROM counted), '')
       || format('；本季度新认领%s个。', count(*) FILTER (WHERE claimed_on >= CAST(:period_start AS text))) AS note
  FROM facts
UNION ALL
SELECT format('%s个项目到截止日已过完成时限而未完成、未终止。', count(*))
  FROM facts
 WHERE progress IN ('claimed', 'running') AND due_on < CAST(:as_of AS text)
HAVING count(*) > 0
UNION ALL
SELECT format('%s个项目已完成而没有登记成效，成效留空；未完成或已终止的项目成效为“—”。', count(*))
  FROM facts
 WHERE progress = 'completed' AND outcome IS NULL
HAVING count(*) > 0
