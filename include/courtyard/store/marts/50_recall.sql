-- Changes between revisions, and who was told.

CREATE VIEW mart.report_recall AS
SELECT r.street_code, r.report, r.period, r.old_revision, r.new_revision, r.recipient, r.letter_number, r.changes,
       CASE WHEN r.acknowledged_at IS NOT NULL THEN '已确认' WHEN r.sent_at IS NOT NULL THEN '已发' ELSE '待发' END AS state,
       r.queued_at, r.due_on, r.sent_at, r.acknowledged_at, r.acknowledged_by,
       r.acknowledged_at IS NULL AND r.due_on < (now() AT TIME ZONE 'Asia/Shanghai')::date AS is_overdue
  FROM publish.recall r;
COMMENT ON VIEW mart.report_recall IS
    'One line a notice that a published figure was replaced: which revision of which report, whom it told, and whether that was acknowledged. is_overdue is that of today, in Shanghai. No personal data.';
COMMENT ON COLUMN mart.report_recall.state IS '待发 (queued), 已发 (sent) or 已确认 (acknowledged).';
COMMENT ON COLUMN mart.report_recall.changes IS 'Lines of the comparison of the two revisions.';
COMMENT ON COLUMN mart.report_recall.due_on IS 'To be acknowledged by then.';

CREATE VIEW mart.report_change AS
SELECT c.street_code, c.report, c.period, c.revision, c.change_no, c.kind, c.cell, c.old_cell, c.column_name, c.header,
       c.cause
  FROM publish.change c;
COMMENT ON VIEW mart.report_change IS
    'One line a change from a report''s former revision to this one: the cell and the deliveries behind it, without a value; values stand in the comparison sheet. No personal data.';
COMMENT ON COLUMN mart.report_change.kind IS 'cell, added or removed (a row), moved, renumbered, column, note or metadata.';
COMMENT ON COLUMN mart.report_change.cause IS '[{delivery_id, sheet, rows}]; empty where no delivery did it but a change of the pack.';
