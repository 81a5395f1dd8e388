-- Runs of quarters, and the quarters that must be run again because a correction changed what they were built on.

CREATE VIEW mart.quarter_run AS
SELECT r.street_code, r.quarter, r.run_no, r.kind, r.reason, r.requested_by, r.holder, r.asked_at, r.opened_at,
       r.ended_at, r.outcome,
       r.outcome = 'running' AND NOT EXISTS (
           SELECT FROM warehouse.lease l
            WHERE l.street_code = r.street_code AND l.quarter = r.quarter AND l.token = r.token
              AND l.expires_at > clock_timestamp()) AS is_lost,
       r.waits_for, w.run_no AS waits_for_run, w.kind AS waits_for_kind, w.reason AS waits_for_reason,
       w.opened_at AS waits_for_since, r.told, r.token
  FROM warehouse.quarter_run r
  LEFT JOIN LATERAL (
        SELECT o.run_no, o.kind, o.reason, o.opened_at
          FROM warehouse.quarter_run o
         WHERE o.street_code = r.street_code AND o.quarter = r.quarter AND o.holder = r.waits_for
         ORDER BY o.run_no DESC
         LIMIT 1) w ON true;
COMMENT ON VIEW mart.quarter_run IS
    'Every run of a quarter: who asked for it and why, for whom it waited, what became of it. No personal data.';
COMMENT ON COLUMN mart.quarter_run.kind IS 'scheduled, manual, backfill, follow_on (after a correction) or cli.';
COMMENT ON COLUMN mart.quarter_run.outcome IS
    'waiting: another run has the quarter; running; done; held: published, but some reports wait with a reason; failed.';
COMMENT ON COLUMN mart.quarter_run.is_lost IS
    'Its lease has expired: it has died, or has waited too long between two stages; the next run takes over.';
COMMENT ON COLUMN mart.quarter_run.waits_for IS 'The holder of the lease for which it waits, or waited last.';
COMMENT ON COLUMN mart.quarter_run.told IS 'Counts by stage; error where a stage or a source failed.';

CREATE VIEW mart.follow_on AS
SELECT f.street_code, f.quarter, f.follow_on_no, f.because_of, f.delivery_ids,
       coalesce((SELECT array_agg(DISTINCT d.source ORDER BY d.source) FROM landing.delivery d
                  WHERE d.delivery_id = ANY(f.delivery_ids)), '{}') AS sources,
       f.asked_at, f.settled_at, f.settled_at IS NULL AS is_due, f.because_token, f.settled_token
  FROM warehouse.follow_on f;
COMMENT ON VIEW mart.follow_on IS
    'Quarters to be run again, since another quarter''s run changed facts behind their forms; settled once they were published. No personal data.';
COMMENT ON COLUMN mart.follow_on.delivery_ids IS 'The deliveries that the run merged and that changed them.';
COMMENT ON COLUMN mart.follow_on.is_due IS 'Still to be run: a lost trigger stays to be seen here.';
