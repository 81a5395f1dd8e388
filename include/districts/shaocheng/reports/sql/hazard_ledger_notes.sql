-- What the ledger adds up to, hazards without a courtyard, what residents reported, and communities without any.
WITH reported AS (
    SELECT * FROM mart.case_in_ledger('hazard', :period, :known_at) WHERE street_code = :street_code
), hazard AS (
    SELECT r.attrs ->> 'grade' AS grade, c.community_code, r.courtyard_code IS NULL AS is_nowhere,
           ((r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date >= :period_start AS is_new,
           (r.attrs ->> 'is_closed')::boolean AS is_closed, left(r.attrs ->> 'due_on', 10) AS due_on
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'hazards' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
       AND (((r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date >= :period_start
            OR NOT EXISTS (SELECT FROM warehouse.record b
                            WHERE b.street_code = r.street_code AND b.dataset = r.dataset AND b.record_key = r.record_key
                              AND b.valid_from < :period_start AND b.valid_to >= :period_start
                              AND b.recorded_at <= :known_at AND b.superseded_at > :known_at
                              AND (b.attrs ->> 'is_closed')::boolean))
    UNION ALL
    SELECT 'general', community_code, courtyard_code IS NULL, found_on >= :period_start, closed_on IS NOT NULL, due_on::text
      FROM reported
     WHERE same_record IS NULL
), counted AS (
    SELECT count(*) AS listed, count(*) FILTER (WHERE is_new) AS found, count(*) FILTER (WHERE is_closed) AS closed,
           count(*) FILTER (WHERE NOT is_closed AND due_on < to_char(CAST(:as_of AS date), 'YYYY-MM-DD')) AS late,
           count(*) FILTER (WHERE NOT is_closed AND grade = 'major') AS major,
           count(*) FILTER (WHERE is_nowhere) AS nowhere
      FROM hazard
), quiet AS (
    SELECT string_agg(u.name, '、' ORDER BY u.code) AS names
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM hazard h WHERE h.community_code = u.code)
)
SELECT format('合计%s处：本月新排查%s处，以前排查、上月末未销号%s处；本月销号%s处，月末未销号%s处（其中已过整改时限%s处、重大隐患%s处）。',
              listed, found, listed - found, closed, listed - closed, late, major) AS note
  FROM counted
UNION ALL
SELECT format('其中%s处来自居民上报的工单。', count(*)) FROM reported WHERE same_record IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('另有%s处居民上报的隐患来源已经列出（同一院落、同一类别、发现时间相近，且一一对应），不重复列入。', count(*))
  FROM reported WHERE same_record IS NOT NULL HAVING count(*) > 0
UNION ALL
SELECT format('居民上报中有%s处可能与来源的某处相同而不能确定，均列入，请核对。', count(*))
  FROM reported WHERE same_record IS NULL AND may_be_same > 0 HAVING count(*) > 0
UNION ALL
SELECT format('其中%s处的地点未能对应到本街道院落，仍列入。', nowhere) FROM counted WHERE nowhere > 0
UNION ALL
SELECT format('本月数据已送达、没有应列隐患的社区：%s。', names) FROM quiet WHERE names IS NOT NULL
