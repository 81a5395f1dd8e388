-- One row a grid of each level on the last day. Units and posts are the pack's files (their lines come bound); who holds a
-- post is known there alone. A post that the file names but nobody holds is 空缺, one that it does not name is not known.
WITH unit AS (
    SELECT u.code, u.kind, u.name, l.row_no
      FROM warehouse.unit u
      LEFT JOIN jsonb_to_recordset(CAST(:pack_units AS jsonb)) AS l (code text, valid_from date, row_no int)
        ON l.code = u.code AND l.valid_from = u.valid_from
     WHERE u.street_code = :street_code AND u.kind IN ('community', 'grid', 'micro_grid')
       AND u.valid_from <= :as_of AND u.valid_to > :as_of
), post AS (
    SELECT p.*, CASE p.post WHEN '社区书记' THEN '网格长' ELSE p.post END AS role,
           p.valid_from <= :as_of AND coalesce(p.valid_to > :as_of, true) AS is_held,
           jsonb_build_object('delivery_id', 'pack:posts.csv', 'sheet', '', 'row_no', p.row_no, 'columns',
               CASE p.post WHEN '社区书记' THEN '["leader", "since", "party_member"]'::jsonb WHEN '网格长' THEN '["leader"]'
                           WHEN '网格员' THEN '["worker", "since", "party_member"]'
                           ELSE '["micro_worker", "since", "party_member"]' END) AS line
      FROM jsonb_to_recordset(CAST(:pack_posts AS jsonb))
           AS p (unit_code text, post text, holder text, valid_from date, valid_to date, row_no int)
     WHERE p.post IN ('社区书记', '网格长', '网格员', '微网格员') AND p.valid_from <= :as_of
), role AS (
    SELECT unit_code, role, coalesce(string_agg(holder, '、' ORDER BY valid_from, row_no) FILTER (WHERE is_held), '空缺') AS holders,
           max(valid_from) FILTER (WHERE is_held) AS since, bool_or(is_held) AS is_held,
           -- of a vacant post the lines of those who held it
           coalesce(jsonb_agg(line ORDER BY row_no) FILTER (WHERE is_held), jsonb_agg(line ORDER BY row_no)) AS sources
      FROM post
     GROUP BY unit_code, role
), place AS (
    -- a courtyard belongs to its micro-grid and to every unit above it
    SELECT c.courtyard_code, c.name, up.code,
           jsonb_build_object('delivery_id', 'pack:courtyards.csv', 'sheet', '', 'row_no', l.row_no,
                              'columns', '["boundary"]'::jsonb) AS line
      FROM warehouse.courtyard c
      LEFT JOIN jsonb_to_recordset(CAST(:pack_courtyards AS jsonb)) AS l (code text, row_no int) ON l.code = c.courtyard_code
     CROSS JOIN LATERAL (VALUES (c.micro_grid_code), (c.grid_code), (c.community_code)) AS up (code)
     WHERE c.street_code = :street_code AND c.valid_from <= :as_of AND c.valid_to > :as_of
), area AS (
    SELECT code, count(*) AS courtyards, string_agg(name, '、' ORDER BY courtyard_code) AS names,
           jsonb_agg(line ORDER BY courtyard_code) AS sources
      FROM place
     GROUP BY code
), resident AS (
    SELECT DISTINCT ON (coalesce(r.person_id, r.record_key) COLLATE "C")
           r.delivery_id, r.sheet, r.row_no, r.record_key, r.courtyard_code,
           coalesce(r.household_id, r.attrs ->> 'household_no') AS household,
           r.attrs ->> 'relation' IS NOT DISTINCT FROM '0' AS is_head
      FROM warehouse.record r
     WHERE r.street_code = :street_code AND r.dataset = 'population' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
     ORDER BY coalesce(r.person_id, r.record_key) COLLATE "C", r.valid_from DESC, r.recorded_at DESC, r.record_key
), head AS (
    SELECT DISTINCT ON (household) * FROM resident
     WHERE household IS NOT NULL
     ORDER BY household, is_head DESC, record_key
), delivered AS (
    SELECT up.code, h.delivery_id, h.sheet, count(*) AS households, jsonb_agg(h.row_no ORDER BY h.row_no) AS rows
      FROM head h
      JOIN warehouse.courtyard c USING (courtyard_code)
     CROSS JOIN LATERAL (VALUES (c.micro_grid_code), (c.grid_code), (c.community_code)) AS up (code)
     GROUP BY up.code, h.delivery_id, h.sheet
), household AS (
    SELECT code, sum(households)::int AS households,
           jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'rows', rows,
                                        'columns', jsonb_build_array('households')) ORDER BY delivery_id, sheet) AS sources
      FROM delivered
     GROUP BY code
), below AS (
    SELECT c.code, count(*) FILTER (WHERE b.kind = 'grid') AS grids, count(*) FILTER (WHERE b.kind = 'micro_grid') AS micro_grids
      FROM unit c
      JOIN unit b ON b.code LIKE c.code || '_%'
     WHERE c.kind = 'community'
     GROUP BY c.code
)
SELECT 'pack' AS dataset, u.code AS record_key, u.code,
       CASE u.kind WHEN 'community' THEN '总网格' WHEN 'grid' THEN '一般网格' ELSE '微网格' END AS level,
       CASE WHEN u.kind = 'micro_grid' THEN '—' ELSE leader.holders END AS leader,
       CASE WHEN u.kind = 'grid' THEN worker.holders ELSE '—' END AS worker,
       CASE WHEN u.kind = 'micro_grid' THEN micro.holders ELSE '—' END AS micro_worker,
       CAST(NULL AS text) AS party_member,
       coalesce(h.households, 0) AS households,
       CASE WHEN u.kind = 'community'
            THEN format('一般网格%s个、微网格%s个、院落%s个', coalesce(below.grids, 0), coalesce(below.micro_grids, 0), coalesce(area.courtyards, 0))
            ELSE area.names END AS boundary,
       CASE WHEN main.is_held THEN main.since::text WHEN main.unit_code IS NOT NULL THEN '—' END AS since,
       jsonb_build_array(jsonb_build_object('delivery_id', 'pack:units.csv', 'sheet', '', 'row_no', u.row_no,
                                            'columns', jsonb_build_array('code', 'level')))
           || coalesce(leader.sources, '[]') || coalesce(worker.sources, '[]') || coalesce(micro.sources, '[]')
           || coalesce(area.sources, '[]') || coalesce(h.sources, '[]') AS sources
  FROM unit u
  LEFT JOIN role leader ON leader.unit_code = u.code AND leader.role = '网格长'
  LEFT JOIN role worker ON worker.unit_code = u.code AND worker.role = '网格员'
  LEFT JOIN role micro ON micro.unit_code = u.code AND micro.role = '微网格员'
  LEFT JOIN role main ON main.unit_code = u.code
   AND main.role = CASE u.kind WHEN 'community' THEN '网格长' WHEN 'grid' THEN '网格员' ELSE '微网格员' END
  LEFT JOIN area ON area.code = u.code
  LEFT JOIN below ON below.code = u.code
  LEFT JOIN household h ON h.code = u.code
 ORDER BY u.code
