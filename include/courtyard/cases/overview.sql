-- What is shown of cases.

-- name: counts
SELECT count(*) FILTER (WHERE status IN ('held', 'waiting', 'handling', 'answered')) AS open,
       count(*) FILTER (WHERE status = 'held') AS held,
       count(*) FILTER (WHERE status IN ('held', 'waiting', 'handling')
                          AND (is_total_overdue OR total_due_at <= :at
                               OR coalesce(CASE status WHEN 'held' THEN acknowledge_due_at
                                                       WHEN 'waiting' THEN least(acknowledge_due_at, solve_due_at)
                                                       ELSE solve_due_at END,
                                           CASE WHEN is_supervised THEN '-infinity'::timestamptz END) <= :at)) AS overdue,
       count(*) FILTER (WHERE status = 'closed' AND follow_up_asked_at IS NOT NULL
                          AND (followed_up_at IS NULL OR followed_up_at < answered_at)) AS follow_up
  FROM cases."case" WHERE street_code = :street

-- name: by_courtyard
SELECT courtyard_code, count(*) AS open,
       count(*) FILTER (WHERE status <> 'answered'
                          AND (is_total_overdue OR total_due_at <= :at
                               OR coalesce(CASE status WHEN 'held' THEN acknowledge_due_at
                                                       WHEN 'waiting' THEN least(acknowledge_due_at, solve_due_at)
                                                       ELSE solve_due_at END,
                                           CASE WHEN is_supervised THEN '-infinity'::timestamptz END) <= :at)) AS overdue
  FROM cases."case"
 WHERE street_code = :street AND status IN ('held', 'waiting', 'handling', 'answered') AND courtyard_code IS NOT NULL
 GROUP BY courtyard_code

-- name: reports
-- Whoever reported: by a resident's page or by 12345, in the words that are believed now.
SELECT DISTINCT ON (p.reported_at, p.dataset, p.record_key)
       p.dataset, p.record_key, p.channel, p.how, p.reported_at,
       coalesce(r.attrs ->> 'reporter_name', r.attrs ->> 'caller_name') AS reporter,
       r.attrs ->> 'address' AS address,
       coalesce(r.attrs ->> 'description', r.attrs ->> 'content', r.attrs ->> 'title') AS description,
       r.attrs ->> 'flags' AS flags
  FROM cases.report p
  LEFT JOIN warehouse.record r ON r.street_code = p.street_code AND r.dataset = p.dataset
                              AND r.record_key = p.record_key AND r.is_current
 WHERE p.street_code = :street AND p.case_no = :case_no
 ORDER BY p.reported_at, p.dataset, p.record_key, r.valid_from DESC

-- name: channels
SELECT case_no, array_agg(DISTINCT channel ORDER BY channel) AS channels FROM cases.report
 WHERE street_code = :street AND case_no = ANY(:numbers) GROUP BY case_no

-- name: events
SELECT DISTINCT ON (e.seq) e.seq, e.kind, e.at, e.due_at, e.level, e.unit_code, e.step_no, e.post, e.data,
       r.attrs ->> 'text' AS words
  FROM cases.event e
  LEFT JOIN warehouse.record r ON r.street_code = e.street_code AND r.dataset = 'resident_replies'
                              AND r.record_key = e.data ->> 'reply' AND r.is_current
 WHERE e.street_code = :street AND e.case_no = :case_no
 ORDER BY e.seq, r.valid_from DESC

-- name: audit
INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)
