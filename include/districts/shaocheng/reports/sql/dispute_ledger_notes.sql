-- What the ledger adds up to, disputes without a courtyard, what residents reported, and communities without any.
WITH reported AS (
    SELECT * FROM mart.case_in_ledger('dispute', :period, :known_at) WHERE street_code = :street_code
), dispute AS (
    SELECT r.attrs, c.community_code, r.courtyard_code IS NULL AS is_nowhere, r.attrs ->> 'status' AS status,
           ((r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
           left(r.attrs ->> 'settled_on', 10) AS settled_on, before.attrs ->> 'status' AS status_before
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
      LEFT JOIN warehouse.record before
        ON before.street_code = r.street_code AND before.dataset = r.dataset AND before.record_key = r.record_key
       AND before.valid_from < date_trunc('month', CAST(:period_start AS date))
       AND before.valid_to >= date_trunc('month', CAST(:period_start AS date))
       AND before.recorded_at <= :known_at AND before.superseded_at > :known_at
     WHERE r.street_code = :street_code AND r.dataset = 'disputes' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), listed AS (
    SELECT community_code, is_nowhere, status, attrs ->> 'risk' AS risk, found_on >= :period_start AS is_new,
           status = 'settled' AND coalesce(settled_on <= to_char(CAST(:as_of AS date), 'YYYY-MM-DD'), true) AS is_settled
      FROM dispute
     WHERE found_on BETWEEN :period_start AND :as_of
        OR (found_on < :period_start
            AND NOT coalesce(settled_on < to_char(CAST(:period_start AS date), 'YYYY-MM-DD'), false)
            AND NOT coalesce(status_before IN ('settled', 'transferred') AND settled_on IS NULL, false))
    UNION ALL
    SELECT community_code, courtyard_code IS NULL, 'mediating', NULL, found_on >= :period_start, closed_on IS NOT NULL
      FROM reported
     WHERE same_record IS NULL
), counted AS (
    SELECT count(*) AS listed, count(*) FILTER (WHERE is_new) AS found, count(*) FILTER (WHERE is_settled) AS settled,
           count(*) FILTER (WHERE status = 'transferred') AS transferred,
           count(*) FILTER (WHERE NOT is_settled AND risk = 'high') AS risky,
           count(*) FILTER (WHERE is_nowhere) AS nowhere
      FROM listed
), quiet AS (
    SELECT string_agg(u.name, '、' ORDER BY u.code) AS names
      FROM warehouse.unit u
     WHERE u.street_code = :street_code AND u.kind = 'community' AND u.valid_from <= :as_of AND u.valid_to > :as_of
       AND NOT EXISTS (SELECT FROM listed l WHERE l.community_code = u.code)
)
SELECT format('合计%s件：本周新登记%s件，以前登记、本周开始时未化解%s件；截止日已化解%s件、引导诉讼或移送%s件，未化解%s件。未化解和移送中高风险%s件。',
              listed, found, listed - found, settled, transferred, listed - settled - transferred, risky) AS note
  FROM counted
UNION ALL
SELECT format('其中%s件来自居民上报的工单。', count(*)) FROM reported WHERE same_record IS NULL HAVING count(*) > 0
UNION ALL
SELECT format('另有%s件居民上报的纠纷来源已经列出（同一院落、同一类型、登记时间相近，且一一对应），不重复列入。', count(*))
  FROM reported WHERE same_record IS NOT NULL HAVING count(*) > 0
UNION ALL
SELECT format('居民上报中有%s件可能与来源的某件相同而不能确定，均列入，请核对。', count(*))
  FROM reported WHERE same_record IS NULL AND may_be_same > 0 HAVING count(*) > 0
UNION ALL
SELECT format('其中%s件的地点未能对应到本街道院落，仍列入。', nowhere) FROM counted WHERE nowhere > 0
UNION ALL
SELECT format('来源数据已送达、本周没有应列纠纷的社区：%s。', names) FROM quiet WHERE names IS NOT NULL
UNION ALL
SELECT '化解状态和措施由来源按月报送，为当月末所知；化解日期在统计截止日之后的，本周仍按未化解列出。'
