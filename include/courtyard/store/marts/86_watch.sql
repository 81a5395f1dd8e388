-- What is wrong and since when, and how each source stands.

CREATE VIEW mart.alert AS
SELECT a.alert_id, a.street_code, a.cause, a.kind, a.place, a.source, a.unit_code,
       array_to_string(a.periods, '、') AS period, a.periods, a.what, a.remedy, a.since, a.last_seen_at, a.times,
       a.told_at, a.times_told, a.recovered_at, a.recovered_at IS NULL AS is_open
  FROM watch.alert a;
COMMENT ON VIEW mart.alert IS
    'One line a stretch of time in which something was wrong: a task or a source that failed, a feed that is missing, idle or silent, unusual volumes, held or quarantined rows, deadlines. One cause is one line while it lasts, however often it is seen. No personal data.';
COMMENT ON COLUMN mart.alert.cause IS 'Names the cause: source/population, deadline/dibao_roster/2026-07/unsigned, …';
COMMENT ON COLUMN mart.alert.kind IS
    'task, source, missing, idle, silent, volume, held, quarantine, residual, follow_on, notice, letter, deadline or overdue.';
COMMENT ON COLUMN mart.alert.place IS 'The unit, source, task or report, in words.';
COMMENT ON COLUMN mart.alert.period IS 'The periods for which it is so, as one text.';
COMMENT ON COLUMN mart.alert.what IS 'What is wrong, in Chinese.';
COMMENT ON COLUMN mart.alert.remedy IS 'What to do, in Chinese.';
COMMENT ON COLUMN mart.alert.times IS 'How often it was seen.';
COMMENT ON COLUMN mart.alert.told_at IS 'When somebody was last told; NULL: not yet, or nobody can be told.';
COMMENT ON COLUMN mart.alert.recovered_at IS 'NULL while it lasts.';

CREATE VIEW mart.source_freshness AS
SELECT s.street_code, s.source, s.title, s.department, s.cadence, s.state, s.reason, s.last_period, s.last_landed_at,
       s.due_period, s.due_at,
       CASE WHEN s.state = 'late' OR (s.state = 'failed' AND s.due_at < s.looked_at) THEN s.looked_at - s.due_at END AS late_by,
       s.rows, s.usual_rows, round(s.rows / nullif(s.usual_rows, 0), 2) AS rows_share, s.looked_at
  FROM watch.source_state s;
COMMENT ON VIEW mart.source_freshness IS
    'One line a source, as it stood when the watch last looked (looked_at): what landed last, what should have landed, and its rows against the median of the periods before. No personal data.';
COMMENT ON COLUMN mart.source_freshness.state IS
    'fresh; late (the due period has not landed); failed (it could not be fetched); idle (nobody looks for it any more); silent (residents send nothing for unusually long).';
COMMENT ON COLUMN mart.source_freshness.due_period IS 'The last period that should have landed; NULL where deliveries keep coming.';
COMMENT ON COLUMN mart.source_freshness.due_at IS 'When that period counts as late: its day of fetching and the tolerance of rules/watch.yaml.';
COMMENT ON COLUMN mart.source_freshness.late_by IS 'How long past due_at when the watch looked; NULL where nothing is late.';
COMMENT ON COLUMN mart.source_freshness.rows IS 'Rows of the last period of all its datasets.';
COMMENT ON COLUMN mart.source_freshness.rows_share IS 'rows / usual_rows: 1 is as usual.';
