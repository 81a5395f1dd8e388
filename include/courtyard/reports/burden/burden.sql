-- name: coverage
SELECT count(*) AS rows,
       count(*) FILTER (WHERE coalesce(attrs ->> :name, '') <> '' OR sealed ->> :name IS NOT NULL) AS known
  FROM warehouse.record
 WHERE street_code = :street AND dataset = :dataset AND is_current AND is_active

-- name: admit
INSERT INTO publish.admission (street_code, title, recipient, fingerprint, advised, verdict, reason, post, at, findings)
VALUES (:street, :title, :recipient, :fingerprint, :advised, :verdict, :reason, :post, :at, :findings)

-- name: admissions
SELECT DISTINCT ON (fingerprint) title, recipient, fingerprint, advised, verdict, reason, post, at, findings
  FROM publish.admission WHERE street_code = :street ORDER BY fingerprint, at DESC, admission_no DESC

-- name: add_meeting
INSERT INTO publish.meeting_avoided (street_code, day, source, matter, people, hours, post, at)
VALUES (:street, :day, :source, :matter, :people, :hours, :post, :at)

-- name: meetings
SELECT meeting_no, day, source, matter, people, hours, post, at FROM publish.meeting_avoided
 WHERE street_code = :street AND (CAST(:year AS int) IS NULL OR extract(year FROM day) = :year)
 ORDER BY day, meeting_no

-- name: forms
SELECT recipient, report, max(title) AS title, count(*)::int AS periods, sum(rows)::int AS rows, sum(asked)::int AS asked,
       sum(filled)::int AS filled, sum(by_hand)::int AS by_hand, sum(not_known)::int AS not_known,
       bool_or(is_about_persons) AS is_about_persons
  FROM mart.burden WHERE street_code = :street AND year = :year
 GROUP BY recipient, report ORDER BY recipient, report

-- name: facts
SELECT fact, header, recipients, reports, times, asked, recipient_names, report_titles
  FROM mart.burden_fact WHERE street_code = :street AND year = :year
 ORDER BY recipients DESC, reports DESC, times DESC, fact

-- name: uncounted
SELECT count(DISTINCT (report, period))::int FROM publish.publication p
 WHERE street_code = :street AND left(period, 4)::int = :year AND report = ANY(:reports)
   AND NOT EXISTS (SELECT FROM publish.cell_count c WHERE c.street_code = p.street_code AND c.report = p.report
                      AND c.period = p.period)

-- name: years
SELECT DISTINCT year FROM mart.burden WHERE street_code = :street
 UNION SELECT extract(year FROM day)::int FROM publish.meeting_avoided WHERE street_code = :street
 ORDER BY year DESC

-- name: by_quarter
-- Every form by the quarter in which its period begins: a year's own by its first.
SELECT mart.quarter_of(period) AS quarter, year, recipient, report, sum(rows)::int AS rows, sum(asked)::int AS asked,
       sum(filled)::int AS filled, sum(by_hand)::int AS by_hand, sum(not_known)::int AS not_known,
       bool_or(is_about_persons) AS is_about_persons
  FROM mart.burden WHERE street_code = :street
 GROUP BY 1, year, recipient, report ORDER BY 1, recipient, report
