-- Who may read what. courtyard_reader: nothing that names a person, and nothing counted below a community.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA mart FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT SELECT ON mart.report_recall TO courtyard_reader;
GRANT SELECT ON mart.ledger, mart.submission_status, mart.submission_summary, mart.courtyard,
    mart.courtyard_change, mart.report_delivery TO courtyard_reader;
GRANT EXECUTE ON FUNCTION mart.period_days(text), mart.last_day(text), mart.age_on(text, date),
    mart.ledger_as_of(text, timestamptz), mart.submission_status_known(timestamptz),
    mart.submission_status_as_of(text, timestamptz), mart.courtyard_as_of(text, timestamptz), mart.courtyard_on(date),
    mart.key_group_count_on(date, timestamptz), mart.key_group_count_as_of(text, timestamptz) TO courtyard_reader;
