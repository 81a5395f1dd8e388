-- What was published, to whom it went, and what still waits.

CREATE VIEW mart.report_delivery AS
SELECT s.street_code, s.report, s.period, s.revision, s.recipient, s.channel,
       CASE WHEN s.confirmed_at IS NOT NULL THEN 'confirmed'
            WHEN EXISTS (SELECT FROM publish.publication p
                          WHERE p.street_code = s.street_code AND p.report = s.report AND p.period = s.period
                            AND p.revision > s.revision) THEN 'overtaken'
            ELSE 'waiting' END AS state,
       s.basis, s.view, s.queued_at, s.attempts, s.sent_at, s.confirmed_at, s.error
  FROM publish.sending s;
COMMENT ON VIEW mart.report_delivery IS
    'One line a publication, recipient and channel: what was sent, on what basis, and whether it was confirmed. No personal data.';
COMMENT ON COLUMN mart.report_delivery.recipient IS 'The code of a department in recipients.yaml.';
COMMENT ON COLUMN mart.report_delivery.channel IS 'folder, sftp or mail.';
COMMENT ON COLUMN mart.report_delivery.state IS
    'confirmed: read back and equal, or accepted by the mail server; waiting: tried again by the next run; overtaken: a newer revision was published before it was sent.';
COMMENT ON COLUMN mart.report_delivery.basis IS 'The rule on which the recipient gets the report, and the sign-off or waiver.';
COMMENT ON COLUMN mart.report_delivery.view IS 'How much of the data it may see: names (the full form), masked or counts.';
COMMENT ON COLUMN mart.report_delivery.error IS 'Why it still waits.';
