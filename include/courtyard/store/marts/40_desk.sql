-- The disagreement desk.

CREATE VIEW mart.discrepancy AS
SELECT d.street_code, d.period, d.discrepancy_id, d.kind, d.person_id,
       CASE WHEN d.person_id IS NULL THEN d.subject END AS household_id, d.attribute, d.claims, d.chosen_dataset, d.value,
       d.rule, d.owner_kind, d.owner, d.asked, d.due_on, d.status, d.settled_how, d.settled_by, d.settled_at, d.basis,
       d.recorded_at
  FROM warehouse.discrepancy d
 WHERE d.superseded_at = 'infinity';
COMMENT ON VIEW mart.discrepancy IS
    'Where sources disagree at the end of a quarter, as believed now: every claim with its source and date (the winning one first), the value believed and the rule it won by, who must settle it and until when, and what settled it. kind: claim (an attribute of a person), id_shared, two_heads, two_grids, gone. Personal data: claims, value.';

CREATE FUNCTION mart.discrepancy_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.discrepancy
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.street_code, d.period, d.discrepancy_id, d.kind, d.person_id,
           CASE WHEN d.person_id IS NULL THEN d.subject END, d.attribute, d.claims, d.chosen_dataset, d.value, d.rule,
           d.owner_kind, d.owner, d.asked, d.due_on, d.status, d.settled_how, d.settled_by, d.settled_at, d.basis,
           d.recorded_at
      FROM warehouse.discrepancy d
     WHERE d.period = to_char(mart.last_day(discrepancy_as_of.period), 'YYYY"Q"Q') AND d.recorded_at <= known_at
       AND (d.superseded_at = 'infinity' OR d.superseded_at > known_at);
END;
COMMENT ON FUNCTION mart.discrepancy_as_of(text, timestamptz) IS
    'mart.discrepancy of one quarter as it was known at a moment. Personal data: claims, value.';
