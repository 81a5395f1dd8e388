-- How many grids there are, which posts are vacant or not known, and who is counted in none.
WITH unit AS (
    SELECT code, kind, name FROM warehouse.unit
     WHERE street_code = :street_code AND kind IN ('community', 'grid', 'micro_grid') AND valid_from <= :as_of AND valid_to > :as_of
), post AS (
    SELECT p.unit_code, p.post, bool_or(coalesce(p.valid_to > :as_of, true)) AS is_held
      FROM jsonb_to_recordset(CAST(:pack_posts AS jsonb)) AS p (unit_code text, post text, valid_from date, valid_to date)
     WHERE p.valid_from <= :as_of
     GROUP BY p.unit_code, p.post
), vacant AS (
    SELECT count(*) AS posts, string_agg(u.name || p.post, '、' ORDER BY u.code, p.post) AS names
      FROM post p
      JOIN unit u ON u.code = p.unit_code
     WHERE NOT p.is_held AND p.post IN ('社区书记', '网格长', '网格员', '微网格员')
), wanted AS (
    SELECT u.code, w.post
      FROM unit u
      JOIN (VALUES ('community', '社区书记'), ('grid', '网格长'), ('grid', '网格员'), ('micro_grid', '微网格员')) AS w (kind, post) USING (kind)
), unknown AS (
    SELECT w.post, count(*) AS units
      FROM wanted w
     WHERE NOT EXISTS (SELECT FROM post p WHERE p.unit_code = w.code AND p.post = w.post)
     GROUP BY w.post
), lost AS (
    SELECT count(DISTINCT coalesce(r.household_id, r.attrs ->> 'household_no')) AS households
      FROM warehouse.record r
     WHERE r.street_code = :street_code AND r.dataset = 'population' AND r.is_active AND r.courtyard_code IS NULL
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
)
SELECT format('合计总网格%s个、一般网格%s个、微网格%s个；户数在三级网格中各计一次，不得相加。',
              count(*) FILTER (WHERE kind = 'community'), count(*) FILTER (WHERE kind = 'grid'),
              count(*) FILTER (WHERE kind = 'micro_grid')) AS note
  FROM unit
UNION ALL
SELECT format('空缺岗位%s个：%s。', posts, names) FROM vacant WHERE posts > 0
UNION ALL
SELECT * FROM (SELECT format('岗位登记中没有%s的网格%s个，该栏留空。', post, units) FROM unknown ORDER BY post COLLATE "C") AS each
UNION ALL
SELECT '岗位登记没有政治面貌，是否党员一栏留空。'
UNION ALL
SELECT format('另有住址未能对应到院落的住户约%s户，未计入各网格。', households) FROM lost WHERE households > 0
