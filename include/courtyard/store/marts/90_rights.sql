-- Who may read what.

REVOKE ALL ON FUNCTION mart.key_group_count_on(date), mart.age_on(text, date),
    mart.person_birth_date(text, timestamptz), mart.too_old_on(text, text, integer),
    mart.claim_weight(text, integer, integer, timestamptz, timestamptz), mart.quarter_of(text), mart.newest_quarter(),
    mart.person_value_as_of(text, timestamptz), mart.discrepancy_as_of(text, timestamptz) FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO courtyard_publisher, courtyard_pipeline;
GRANT SELECT ON mart.ledger, mart.submission_status, mart.submission_summary, mart.courtyard TO courtyard_reader;
GRANT EXECUTE ON FUNCTION mart.key_group_count_on(date), mart.age_on(text, date) TO courtyard_reader;
