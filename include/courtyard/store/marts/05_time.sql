-- Days of periods, and what was known when. `mart.<view>_as_of(period, known_at)` gives a view's rows as they held on the
-- last day of a period and as they were known at a moment; without a moment, as they are known now.

CREATE FUNCTION mart.period_days(period text) RETURNS daterange
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    said text := btrim(period, E' \t\r\n');
    months integer := CASE WHEN said ~ '^[0-9]{4}$' THEN 12
                           WHEN said ~ '^[0-9]{4}H[12]$' THEN 6
                           WHEN said ~ '^[0-9]{4}Q[1-4]$' THEN 3
                           WHEN said ~ '^[0-9]{4}-(0[1-9]|1[0-2])$' THEN 1 END;
    starts date;
BEGIN
    IF left(said, 4) IN ('0000', '9999') THEN
        NULL; -- no period, as for courtyard.period
    ELSIF months IS NOT NULL THEN
        starts := make_date(left(said, 4)::int, 1 + months * (coalesce(nullif(ltrim(substr(said, 5), 'HQ-'), ''), '1')::int - 1), 1);
        RETURN daterange(starts, (starts + make_interval(months => months))::date);
    ELSIF said ~ '^[0-9]{4}-W(0[1-9]|[1-5][0-9])$' THEN
        starts := make_date(left(said, 4)::int, 1, 4);
        starts := starts - extract(isodow FROM starts)::int + 1 + 7 * (right(said, 2)::int - 1);
        IF to_char(starts, 'IYYY-"W"IW') = said THEN
            RETURN daterange(starts, starts + 7);
        END IF;
    END IF;
    RAISE invalid_parameter_value
        USING MESSAGE = format('%L is not a period. Write 2026Q3, 2026-07, 2026H2, 2026 or 2026-W30.', period);
END
$$;
COMMENT ON FUNCTION mart.period_days(text) IS
    'The days of a period: 2026Q3, 2026-07, 2026H2, 2026 or 2026-W30. Anything else is an error. No personal data.';

CREATE FUNCTION mart.last_day(period text) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN upper(mart.period_days(period)) - 1;
COMMENT ON FUNCTION mart.last_day(text) IS 'The last day of a period: the day on which a mart as of it is taken. No personal data.';

CREATE FUNCTION mart.record_known(known_at timestamptz DEFAULT 'infinity') RETURNS SETOF warehouse.record
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- What is believed now is a partition of its own: asked about now, history is not looked at.
    SELECT * FROM warehouse.record WHERE is_current AND recorded_at <= known_at
    UNION ALL
    SELECT * FROM warehouse.record
     WHERE NOT is_current AND known_at < 'infinity' AND recorded_at <= known_at AND superseded_at > known_at;
END;
COMMENT ON FUNCTION mart.record_known(timestamptz) IS
    'The records, of all days, as they were known at a moment; what the functions below are made of. Personal data: attrs, sealed, building, unit_no, room.';

CREATE FUNCTION mart.record_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF warehouse.record
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.record_known(known_at)
     WHERE valid_from <= mart.last_day(period) AND valid_to > mart.last_day(period);
END;
COMMENT ON FUNCTION mart.record_as_of(text, timestamptz) IS
    'The records that held on the last day of a period, ended ones (is_active false) included. Personal data: attrs, sealed, building, unit_no, room.';
