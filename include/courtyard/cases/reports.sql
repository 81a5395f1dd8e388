-- Records that are reports: those without a case, those that stand elsewhere at their source, and the open cases near them.

-- name: waiting
-- NOT IN, since its hash is made whatever the planner thinks of tables that were just filled; no key is NULL.
SELECT DISTINCT ON (r.record_key) r.record_key, r.attrs, r.courtyard_code
  FROM warehouse.record r
 WHERE r.street_code = :street AND r.dataset = :dataset AND r.is_current AND r.is_active
   AND r.record_key NOT IN (SELECT c.record_key FROM cases.report c WHERE c.street_code = :street AND c.dataset = :dataset)
 ORDER BY r.record_key, r.valid_from DESC, r.recorded_at DESC

-- name: turned
-- Reports whose source says another status than was taken into account. Looked up one by one by the record's key: right
-- after a bulk load nobody knows yet how many rows there are, and a join of both would be planned for none.
SELECT c.case_no, c.dataset, c.record_key, c.source_status AS before, n.attrs
  FROM cases.report c
 CROSS JOIN LATERAL (SELECT r.attrs FROM warehouse.record r
                      WHERE r.street_code = c.street_code AND r.dataset = c.dataset AND r.record_key = c.record_key
                        AND r.is_current AND r.is_active
                      ORDER BY r.valid_from DESC, r.recorded_at DESC LIMIT 1) n
 WHERE c.street_code = :street AND c.dataset = :dataset
   AND c.source_status IS NOT NULL AND c.source_status IS DISTINCT FROM n.attrs ->> :status
 ORDER BY c.record_key

-- name: siblings
SELECT case_no, dataset, record_key, source_status FROM cases.report
 WHERE street_code = :street AND case_no = ANY(:numbers)

-- name: source_causes
SELECT case_no, cause FROM cases.event
 WHERE street_code = :street AND case_no = ANY(:numbers) AND cause LIKE 'source/%'

-- name: keep_status
UPDATE cases.report c SET source_status = n.status
  FROM unnest(CAST(:datasets AS text[]), CAST(:keys AS text[]), CAST(:statuses AS text[])) AS n (dataset, record_key, status)
 WHERE c.street_code = :street AND c.dataset = n.dataset AND c.record_key = n.record_key

-- name: near
-- The open cases of some courtyards, each with the report that opened it.
SELECT k.*, o.dataset, o.reported_at, n.attrs
  FROM cases.case k
  JOIN cases.report o ON o.street_code = k.street_code AND o.case_no = k.case_no AND o.how = 'opened'
  JOIN LATERAL (SELECT r.attrs FROM warehouse.record r
                 WHERE r.street_code = o.street_code AND r.dataset = o.dataset AND r.record_key = o.record_key
                   AND r.is_current
                 ORDER BY r.valid_from DESC, r.recorded_at DESC LIMIT 1) n ON true
 WHERE k.street_code = :street AND k.direction = 'up' AND k.status IN ('held', 'waiting', 'handling', 'answered')
   AND k.courtyard_code = ANY(:courtyards)
 ORDER BY k.opened_at, k.case_no

-- name: named
-- The cases of reports that others name as the same problem.
SELECT r.dataset, r.record_key, k.*
  FROM cases.report r
  JOIN cases.case k USING (street_code, case_no)
 WHERE r.street_code = :street AND r.dataset = :dataset AND r.record_key = ANY(:numbers)

-- name: taken
SELECT case_no FROM cases.case WHERE street_code = :street AND case_no = ANY(:stems)
