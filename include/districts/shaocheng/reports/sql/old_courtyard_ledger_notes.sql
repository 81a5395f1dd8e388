-- What the ledger adds up to, entries without a courtyard, and communities without an entry.
WITH entry AS (
    SELECT r.attrs, c.community_code
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'old_courtyards' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), counted AS (
    SELECT count(*) AS listed, count(*) FILTER (WHERE community_code IS NULL) AS nowhere,
           coalesce(sum((attrs ->> 'buildings')::int), 0) AS buildings, coalesce(sum((attrs ->> 'units')::int), 0) AS units,
           coalesce(sum((attrs ->> 'households')::int), 0) AS households,
           coalesce(sum((attrs ->> 'floor_area')::numeric), 0) AS floor_area,
           count(*) FILTER (WHERE attrs ->> 'floor_area' IS NULL) AS unmeasured,
           count(*) FILTER (WHERE attrs ->> 'units' IS NULL) AS uncounted
      FROM entry
), quiet AS (
    SELECT string_agg(u.name, '、' ORDER BY u.code) AS names
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM entry e WHERE e.community_code = u.code)
)
SELECT format('合计%s个院落、%s栋、%s个单元、%s户、建筑面积%s㎡。', listed, buildings, units, households,
              to_char(floor_area, 'FM999,999,999,990.00')) AS note
  FROM counted
UNION ALL
SELECT format('单元数合计不含%s个未填的院落。', uncounted) FROM counted WHERE uncounted > 0
UNION ALL
SELECT format('建筑面积合计不含%s个未填的院落。', unmeasured) FROM counted WHERE unmeasured > 0
UNION ALL
SELECT format('其中%s个未能对应到院落名册，名称用来源所填，列在最后。', nowhere) FROM counted WHERE nowhere > 0
UNION ALL
SELECT format('住建来源没有登记老旧院落的社区：%s。', names) FROM quiet WHERE names IS NOT NULL
