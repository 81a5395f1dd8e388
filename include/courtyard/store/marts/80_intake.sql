-- What the intake service may tell of a case: two functions over schema cases, which its role cannot read itself.
-- They name no person: no post, no reporter, nothing that another reporter wrote.

-- The case that a report belongs to in the end: one that was joined into another leads on to it.
CREATE FUNCTION intake.case_no_of(report_id text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE led (street_code, case_no, far) AS (
        SELECT r.street_code, r.case_no, 0 FROM cases.report r
         WHERE r.dataset = 'resident_reports' AND r.record_key = case_no_of.report_id
        UNION ALL
        SELECT l.street_code, (SELECT e.data ->> 'into' FROM cases.event e
                                WHERE e.street_code = c.street_code AND e.case_no = c.case_no AND e.kind = 'joined'
                                ORDER BY e.seq DESC LIMIT 1), l.far + 1
          FROM led l JOIN cases."case" c ON c.street_code = l.street_code AND c.case_no = l.case_no
         WHERE c.status = 'joined' AND l.far < 100
    )
    SELECT led.case_no FROM led WHERE led.case_no IS NOT NULL ORDER BY led.far DESC LIMIT 1;
END;

CREATE FUNCTION intake.case_of(report_id text)
RETURNS TABLE (
    case_no text, status text, level text, unit_code text, category text, urgency text, emergency text,
    opened_at timestamptz, total_due_at timestamptz, acknowledge_due_at timestamptz, solve_due_at timestamptz,
    answered_at timestamptz, closed_at timestamptz, can_reopen_until timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.case_no, c.status, c.level, c.unit_code, c.category, c.urgency, c.emergency, c.opened_at, c.total_due_at,
           c.acknowledge_due_at, c.solve_due_at, c.answered_at, c.closed_at, c.reopen_until
      FROM cases."case" c
     WHERE c.case_no = intake.case_no_of(case_of.report_id)
       AND c.street_code = (SELECT r.street_code FROM cases.report r
                             WHERE r.dataset = 'resident_reports' AND r.record_key = case_of.report_id);
END;

CREATE FUNCTION intake.steps_of(report_id text)
RETURNS TABLE (seq integer, kind text, at timestamptz, due_at timestamptz, level text, unit_code text, "text" text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.seq, e.kind, e.at, e.due_at, e.level, e.unit_code,
           CASE e.kind WHEN 'answered' THEN e.data ->> 'text'
                       WHEN 'measured' THEN e.data ->> 'text'
                       WHEN 'refused' THEN concat_ws(' ', e.data ->> 'reason', e.data ->> 'where')
                       WHEN 'extended' THEN e.data ->> 'reason' END
      FROM cases.event e
     WHERE e.case_no = intake.case_no_of(steps_of.report_id)
       AND e.street_code = (SELECT r.street_code FROM cases.report r
                             WHERE r.dataset = 'resident_reports' AND r.record_key = steps_of.report_id)
       AND e.kind NOT IN ('noted', 'said_more', 'classified', 'placed', 'follow_up_due')
     ORDER BY e.seq;
END;

-- The pipeline deletes by age only and reads nothing of it. Nothing of the last half year goes, whatever it asks for.
CREATE FUNCTION intake.forget(street text, before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE forgotten bigint;
BEGIN
  IF before > now() - interval '6 months' THEN
    RAISE EXCEPTION 'Reports of the last six months are kept.';
  END IF;
  DELETE FROM intake.photo WHERE street_code = street AND taken_in_at < before;
  DELETE FROM intake.reply r USING intake.report p
   WHERE r.report_id = p.report_id AND p.street_code = street AND p.requested_at < before;
  DELETE FROM intake.report WHERE street_code = street AND requested_at < before;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;

COMMENT ON FUNCTION intake.case_of(text) IS 'Where the case of a resident''s report stands; no row before it became one. No personal data.';
COMMENT ON FUNCTION intake.steps_of(text) IS 'What happened to the case of a resident''s report; text only where it was written for the reporter. No personal data.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA intake FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.case_no_of(text) TO courtyard_pipeline;
GRANT EXECUTE ON FUNCTION intake.case_of(text), intake.steps_of(text) TO courtyard_intake, courtyard_pipeline;
GRANT EXECUTE ON FUNCTION intake.forget(text, timestamptz) TO courtyard_pipeline;
