-- Which claim wins: decided here, and read by everything that shows one value of an attribute.

CREATE FUNCTION mart.claim_weight(weigh text, within_quarters integer, rank integer, said_at timestamptz, newest_at timestamptz)
RETURNS numeric[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY[
    -- too old: more quarters before the newest claim about the same person than the pack allows
    CASE WHEN extract(year FROM newest_at AT TIME ZONE 'Asia/Shanghai') * 4 + extract(quarter FROM newest_at AT TIME ZONE 'Asia/Shanghai')
            - extract(year FROM said_at AT TIME ZONE 'Asia/Shanghai') * 4 - extract(quarter FROM said_at AT TIME ZONE 'Asia/Shanghai')
            > within_quarters THEN 1 ELSE 0 END,
    CASE WHEN weigh = 'newest' THEN - extract(epoch FROM said_at) ELSE 0 END,
    rank];
COMMENT ON FUNCTION mart.claim_weight(text, integer, integer, timestamptz, timestamptz) IS
    'How a claim weighs by rules/authority.yaml; of several the least wins. A claim too old comes after all that are not; then, where the newest wins, the one said last; then the more trusted dataset. No personal data.';

CREATE FUNCTION mart.quarter_of(period text) RETURNS text
LANGUAGE sql STABLE
RETURN CASE WHEN period ~ '^\d{4}Q[1-4]$' THEN period
            WHEN period ~ '^\d{4}-\d{2}$' THEN left(period, 4) || 'Q' || (right(period, 2)::int + 2) / 3
            WHEN period ~ '^\d{4}H[12]$' THEN left(period, 4) || 'Q' || right(period, 1)::int * 2 - 1
            WHEN period ~ '^\d{4}$' THEN period || 'Q1'
            WHEN period ~ '^\d{4}-W\d{2}$' THEN to_char(to_date(period, 'IYYY"-W"IW'), 'YYYY"Q"Q') END;
COMMENT ON FUNCTION mart.quarter_of(text) IS 'The quarter in which a period begins; NULL for what is no period. No personal data.';

CREATE FUNCTION mart.newest_quarter(street text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT max(mart.quarter_of(period))
      FROM (SELECT DISTINCT period FROM quality.batch WHERE street_code = street AND status = 'merged') merged;
END;
COMMENT ON FUNCTION mart.newest_quarter(text) IS 'The newest quarter of which a street knows anything. No personal data.';

CREATE FUNCTION mart.person_value_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (street_code text, person_id text, attribute text, value text, dataset text, rule text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        -- What each dataset said last of a person by the end of the quarter.
        SELECT DISTINCT ON (r.person_id, r.dataset) r.*
          FROM warehouse.record r
         WHERE r.person_id IS NOT NULL AND r.recorded_at <= known_at
           AND (r.is_current OR (known_at < 'infinity' AND r.superseded_at > known_at))
           AND r.valid_from <= mart.last_day(period)
         ORDER BY r.person_id, r.dataset, r.valid_from DESC, r.record_key
    ), claim AS (
        SELECT l.street_code, l.person_id, a.attribute, a.rank, l.dataset,
               CASE WHEN a.attribute <> 'courtyard_code' THEN l.attrs ->> a.attribute
                    WHEN l.is_active THEN l.courtyard_code END AS value
          FROM latest l
          JOIN warehouse.authority a USING (street_code, dataset)
    ), best AS (
        SELECT street_code, person_id, attribute, (array_agg(value ORDER BY rank))[1] AS value,
               (array_agg(dataset ORDER BY rank))[1] AS dataset
          FROM claim
         WHERE value IS NOT NULL
         GROUP BY street_code, person_id, attribute
    )
    SELECT b.street_code, b.person_id, b.attribute, coalesce(d.value, b.value),
           CASE WHEN d.value IS NULL THEN b.dataset WHEN d.rule = d.weighed_by THEN d.chosen_dataset END,
           coalesce(d.rule, 'authority:' || b.dataset)
      FROM best b
      LEFT JOIN warehouse.discrepancy d
        ON d.street_code = b.street_code AND d.period = to_char(mart.last_day(person_value_as_of.period), 'YYYY"Q"Q') AND d.kind = 'claim'
       AND d.subject = b.person_id AND d.attribute = b.attribute
       AND d.recorded_at <= known_at AND (d.superseded_at = 'infinity' OR d.superseded_at > known_at);
END;
COMMENT ON FUNCTION mart.person_value_as_of(text, timestamptz) IS
    'The one value of each attribute of a person by the end of a quarter, as known at a moment, and the rule that it won by. Where sources differ it is the value of mart.discrepancy; dataset is NULL where a grid or a person gave it. Personal data: value.';

CREATE VIEW mart.person_value AS
SELECT v.*
  FROM (SELECT DISTINCT mart.newest_quarter(street_code) AS quarter FROM warehouse.grid_cycle) n
 CROSS JOIN LATERAL mart.person_value_as_of(n.quarter) v
 WHERE n.quarter = mart.newest_quarter(v.street_code);
COMMENT ON VIEW mart.person_value IS
    'The one value of each attribute of a person as believed now (mart.person_value_as_of of the newest quarter). Personal data: value.';
