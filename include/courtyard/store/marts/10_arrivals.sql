-- What arrived, and where every row of it went.

CREATE VIEW mart.ledger AS
SELECT b.batch_id, b.delivery_id, b.street_code, d.source, b.dataset, b.period, b.unit_code, d.sha256, d.received_at,
       b.status, b.is_nil, b.landed, b.merged, b.unchanged, b.quarantined, b.superseded, b.held, b.structural,
       b.landed - b.merged - b.quarantined - b.superseded - b.held AS residual, b.reason
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id);
COMMENT ON VIEW mart.ledger IS
    'One line a batch: a dataset of a delivery. residual = landed - merged - quarantined - superseded - held: rows still on their way, 0 once the batch is final. unchanged is part of merged; structural rows (titles, totals, notes) are no part of landed. No personal data.';

COMMENT ON COLUMN mart.ledger.unit_code IS 'The grid that sent it; NULL where the source has no units.';
COMMENT ON COLUMN mart.ledger.status IS 'parsed, validated, linked, merged, held, rejected or superseded.';
COMMENT ON COLUMN mart.ledger.is_nil IS 'Its sender confirmed that there is nothing to report.';
COMMENT ON COLUMN mart.ledger.landed IS 'Rows of data in it.';
COMMENT ON COLUMN mart.ledger.unchanged IS 'Part of merged: rows that say what was believed already.';
COMMENT ON COLUMN mart.ledger.residual IS 'Rows still on their way; 0 once the batch is final.';

CREATE FUNCTION mart.ledger_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.ledger
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.ledger l
     WHERE mart.last_day(l.period) <@ mart.period_days(ledger_as_of.period) AND l.received_at <= known_at;
END;
COMMENT ON FUNCTION mart.ledger_as_of(text, timestamptz) IS
    'The batches of a period, and of the months and quarters that end in it, that had been received by then; their counts are those of today. No personal data.';

CREATE FUNCTION mart.submission_status_known(known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, source text, dataset text, dataset_title text, period text, unit_code text, unit_name text,
    community_code text, status text, is_held boolean, due_on date, sent_at timestamptz, received_at timestamptz,
    days_late integer, is_late boolean, is_restatement boolean, kind text, duplicates bigint, refusals bigint,
    rows_read integer, rows_accepted integer, rows_quarantined integer, is_unchanged boolean, code text, reason text,
    delivery_id text, receipt_id bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH quarter AS (
        SELECT p.street_code, p.period, p.ends_on, p.ends_on - 1 + c.due_after AS due_on
          FROM (SELECT street_code, period,
                       (make_date(left(period, 4)::int, 3 * right(period, 1)::int - 2, 1) + interval '3 months')::date AS ends_on
                  FROM (SELECT f.street_code, f.period FROM landing.fetch f JOIN warehouse.submitted_dataset USING (street_code, source)
                        UNION SELECT b.street_code, b.period FROM quality.batch b
                                JOIN warehouse.submitted_dataset USING (street_code, dataset) WHERE b.status <> 'rejected'
                        UNION SELECT street_code, period FROM submissions.issue) known
                 WHERE period ~ '^\d{4}Q[1-4]$') p
          LEFT JOIN warehouse.grid_cycle c USING (street_code)
    ), paper AS (
        SELECT s.* FROM submissions.submission s JOIN landing.receipt r USING (receipt_id) WHERE r.received_at <= known_at
    ), counted AS (
        -- Bytes may come more than once: the submission that counts for a delivery.
        SELECT DISTINCT ON (delivery_id) *
          FROM paper
         ORDER BY delivery_id, kind IN ('first', 'correction') DESC, kind = 'duplicate' DESC, receipt_id
    ), replaced_later AS (
        SELECT b.batch_id
          FROM quality.batch b
          JOIN landing.delivery d USING (delivery_id)
         WHERE b.status = 'superseded' AND d.received_at <= known_at AND known_at < 'infinity'
           AND b.delivery_id NOT IN (SELECT delivery_id FROM counted WHERE kind = 'duplicate')
           AND NOT EXISTS (SELECT FROM quality.batch n
                             JOIN landing.delivery o ON o.delivery_id = n.delivery_id
                            WHERE n.street_code = b.street_code AND n.dataset = b.dataset AND n.period = b.period
                              AND n.unit_code = b.unit_code AND n.status <> 'rejected' AND o.received_at <= known_at
                              AND (o.version_at, o.delivery_id) > (d.version_at, d.delivery_id))
    ), latest AS (
        SELECT DISTINCT ON (b.street_code, b.dataset, b.period, b.unit_code)
               b.street_code, b.dataset, b.period, b.unit_code, b.batch_id, b.delivery_id, b.status, b.is_nil, b.is_unchanged,
               b.landed, b.quarantined, b.superseded, b.reason, d.received_at, coalesce(s.sent_at, d.version_at) AS sent_at,
               coalesce(s.is_late, d.period <> b.period) AS is_late, coalesce(s.is_restatement, false) AS is_restatement,
               s.receipt_id, coalesce(s.kind, 'first') AS kind, coalesce(s.code, '') AS code,
               EXISTS (SELECT FROM quality.finding f WHERE f.batch_id = b.batch_id) AS is_told
          FROM quality.batch b
          JOIN landing.delivery d USING (delivery_id)
          JOIN warehouse.submitted_dataset q ON q.street_code = b.street_code AND q.dataset = b.dataset AND q.is_owed
          LEFT JOIN counted s USING (delivery_id)
         WHERE b.unit_code IS NOT NULL AND s.kind IS DISTINCT FROM 'misdirected' AND d.received_at <= known_at
           AND (b.status <> 'superseded' OR b.batch_id IN (SELECT batch_id FROM replaced_later))
         ORDER BY b.street_code, b.dataset, b.period, b.unit_code, (b.status = 'merged') DESC, (b.status = 'rejected'),
                  d.version_at DESC, d.delivery_id DESC
    ), refused AS (
        SELECT DISTINCT ON (street_code, arrived_for, unit_code) street_code, arrived_for, unit_code, receipt_id, delivery_id,
               sent_at, is_late, kind, code, reason, count(*) OVER (PARTITION BY street_code, arrived_for, unit_code) AS times
          FROM paper
         WHERE kind = 'misdirected' AND unit_code IS NOT NULL
         ORDER BY street_code, arrived_for, unit_code, sent_at DESC, receipt_id DESC
    ), repeated AS (
        SELECT street_code, period, unit_code, count(*) AS times
          FROM paper WHERE kind = 'duplicate' GROUP BY street_code, period, unit_code
    )
    SELECT q.street_code, d.source, d.dataset, d.title AS dataset_title, q.period, u.code AS unit_code, u.name AS unit_name,
           u.parent_code AS community_code,
           CASE WHEN l.batch_id IS NULL THEN CASE WHEN r.receipt_id IS NULL THEN 'missing' ELSE 'rejected' END
                WHEN l.status = 'rejected' THEN 'rejected'
                WHEN l.status <> 'merged' THEN 'received'
                WHEN l.landed = 0 AND l.is_nil THEN 'confirmed_nil'
                WHEN l.quarantined > 0 AND l.quarantined >= l.landed THEN 'rejected'
                WHEN l.quarantined > 0 THEN 'partly_accepted'
                WHEN l.is_told OR l.code <> '' THEN 'accepted_with_findings'
                ELSE 'accepted' END AS status,
           coalesce(l.status = 'held', false) AS is_held, q.due_on, coalesce(l.sent_at, r.sent_at) AS sent_at, l.received_at,
           CASE WHEN l.batch_id IS NOT NULL OR r.receipt_id IS NOT NULL
                THEN greatest(0, (coalesce(l.sent_at, r.sent_at) AT TIME ZONE 'Asia/Shanghai')::date - q.due_on)
           END AS days_late,
           coalesce(l.is_late, r.is_late, false) AS is_late, coalesce(l.is_restatement, false) AS is_restatement,
           coalesce(l.kind, r.kind) AS kind, coalesce(p.times, 0) AS duplicates, coalesce(r.times, 0) AS refusals,
           coalesce(l.landed, 0) AS rows_read,
           CASE WHEN l.status = 'rejected' THEN 0 ELSE coalesce(l.landed - l.quarantined - l.superseded, 0) END AS rows_accepted,
           coalesce(l.quarantined, 0) AS rows_quarantined, coalesce(l.is_unchanged, false) AS is_unchanged,
           CASE WHEN l.batch_id IS NULL THEN coalesce(r.code, '') ELSE l.code END AS code,
           CASE WHEN l.batch_id IS NULL THEN coalesce(r.reason, '') ELSE l.reason END AS reason,
           coalesce(l.delivery_id, r.delivery_id) AS delivery_id, coalesce(l.receipt_id, r.receipt_id) AS receipt_id
      FROM quarter q
      JOIN warehouse.submitted_dataset d ON d.street_code = q.street_code AND d.is_owed
      JOIN warehouse.unit u
        ON u.street_code = q.street_code AND u.kind = 'grid' AND u.valid_from < q.ends_on AND u.valid_to >= q.ends_on
      LEFT JOIN latest l
        ON l.street_code = q.street_code AND l.dataset = d.dataset AND l.period = q.period AND l.unit_code = u.code
      LEFT JOIN refused r ON r.street_code = q.street_code AND r.arrived_for = q.period AND r.unit_code = u.code
      LEFT JOIN repeated p ON p.street_code = q.street_code AND p.period = q.period AND p.unit_code = u.code;
END;
COMMENT ON FUNCTION mart.submission_status_known(timestamptz) IS
    'mart.submission_status from what had been received by a moment, in the state that it has come to since. What was replaced only later counts as received. No personal data.';

CREATE VIEW mart.submission_status AS SELECT * FROM mart.submission_status_known();
COMMENT ON VIEW mart.submission_status IS
    'Grid x owed dataset x quarter, on the ladder: missing (nothing was sent), received (on its way, or held), accepted, accepted_with_findings, partly_accepted, rejected, confirmed_nil (nothing to report, said so). What was sent but not taken counts as rejected in the quarter it came for, unless the grid sent another that was. is_late: sent after the due day or with a later quarter; is_restatement: after the freeze. No personal data.';

COMMENT ON COLUMN mart.submission_status.status IS
    'missing, received, accepted, accepted_with_findings, partly_accepted, rejected or confirmed_nil.';
COMMENT ON COLUMN mart.submission_status.is_held IS 'It waits for a person of the street.';
COMMENT ON COLUMN mart.submission_status.days_late IS 'Days after due_on on which it was sent, 0 in time; NULL where nothing was sent.';
COMMENT ON COLUMN mart.submission_status.kind IS 'first, correction, duplicate or misdirected; NULL where nothing was sent.';
COMMENT ON COLUMN mart.submission_status.duplicates IS 'How often the same content came again.';
COMMENT ON COLUMN mart.submission_status.refusals IS 'How many submissions of the grid were not taken in this quarter''s collection.';
COMMENT ON COLUMN mart.submission_status.is_unchanged IS 'Its sender confirmed that nothing has changed.';
COMMENT ON COLUMN mart.submission_status.code IS 'Why it was not taken, a code; empty otherwise.';

CREATE FUNCTION mart.submission_status_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.submission_status
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.submission_status_known(known_at) s
     WHERE s.period = to_char(mart.last_day(submission_status_as_of.period), 'YYYY"Q"Q');
END;
COMMENT ON FUNCTION mart.submission_status_as_of(text, timestamptz) IS
    'mart.submission_status of the quarter in which the last day of a period lies, from what had been received by then. No personal data.';

CREATE VIEW mart.submission_summary AS
WITH counted AS (
    SELECT s.street_code, s.period, s.community_code, count(*) AS owed,
           count(*) FILTER (WHERE status IN ('accepted', 'accepted_with_findings', 'partly_accepted')) AS reported,
           count(*) FILTER (WHERE status = 'confirmed_nil') AS confirmed_nil,
           count(*) FILTER (WHERE status = 'received') AS received,
           count(*) FILTER (WHERE status = 'missing') AS missing,
           count(*) FILTER (WHERE status = 'rejected') AS refused,
           count(*) FILTER (WHERE is_late AND status NOT IN ('missing', 'rejected')) AS late,
           count(*) FILTER (WHERE NOT is_late AND status IN ('accepted', 'accepted_with_findings', 'partly_accepted',
                                                             'confirmed_nil')) AS in_time,
           count(DISTINCT unit_code) AS grids,
           count(DISTINCT unit_code) FILTER (WHERE status = 'missing') AS grids_missing
      FROM mart.submission_status s
     GROUP BY GROUPING SETS ((s.street_code, s.period, s.community_code), (s.street_code, s.period))
)
SELECT c.street_code, c.period, coalesce(c.community_code, c.street_code) AS unit_code, u.name AS unit_name, u.kind,
       c.grids, c.grids_missing, c.owed, c.reported, c.confirmed_nil, c.received, c.missing, c.refused, c.late,
       round((c.reported + c.confirmed_nil)::numeric / c.owed, 4) AS completeness,
       round(c.in_time::numeric / c.owed, 4) AS timeliness
  FROM counted c
  LEFT JOIN (SELECT DISTINCT ON (code) code, name, kind FROM warehouse.unit ORDER BY code, valid_from DESC) u
    ON u.code = coalesce(c.community_code, c.street_code);
COMMENT ON VIEW mart.submission_summary IS
    'Each community and the street by quarter: the sheets its grids owe, and of them reported, confirmed nil, on their way, missing, refused, late. completeness: reported or confirmed nil; timeliness: of these in time; both as shares of owed. No personal data.';
