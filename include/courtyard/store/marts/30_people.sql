-- People.

CREATE FUNCTION mart.too_old_on(birth_date text, turns_on text, years integer) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10
            THEN (make_date(left(birth_date, 4)::int - (substr(birth_date, 6) < turns_on)::int,
                            left(turns_on, 2)::int, right(turns_on, 2)::int)
                  + make_interval(years => years + 1))::date END;
COMMENT ON FUNCTION mart.too_old_on(text, text, integer) IS
    'The first day on which somebody born then is past a window of one year of births that turns on MM-DD and goes back so many years; NULL where the birth date is not known to the day or there is no window. No personal data.';

CREATE FUNCTION mart.key_group_member_known(known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    "group" text, title text, street_code text, person_id text, courtyard_code text, community_code text, dataset text,
    record_key text, valid_from date, valid_to date, recorded_at timestamptz, building text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH record AS (
        -- When it was said is asked only where several rows begin on one day.
        SELECT r.*, CASE WHEN count(*) OVER (PARTITION BY r.street_code, r.dataset, coalesce(r.person_id, r.record_key), r.valid_from) > 1
                         THEN (SELECT max(o.version_at)
                                 FROM warehouse.observation o
                                WHERE o.street_code = r.street_code AND o.dataset = r.dataset AND o.record_key = r.record_key
                                  AND o.effective_from = r.valid_from AND o.recorded_at <= known_at) END AS said_at
          FROM mart.record_known(known_at) r
         WHERE (r.street_code, r.dataset) IN (SELECT street_code, dataset FROM warehouse.key_group)
    ), said AS (
        -- One person may stand under several record keys (with and without an ID number): what was said last holds,
        -- in whatever order it was received.
        SELECT r.*, lead(r.valid_from) OVER (PARTITION BY r.street_code, r.dataset, coalesce(r.person_id, r.record_key)
                                             ORDER BY r.valid_from, r.is_active, r.said_at, r.record_key) AS said_again
          FROM record r
    )
    SELECT g.group_code, g.title, r.street_code, r.person_id, r.courtyard_code, c.community_code, r.dataset,
           r.record_key, r.valid_from, least(r.valid_to, r.said_again, b.too_old_on), r.recorded_at,
           r.building
      FROM warehouse.key_group g
      JOIN said r
        ON r.street_code = g.street_code AND r.dataset = g.dataset AND r.is_active
       AND NOT EXISTS (SELECT FROM jsonb_each(g.conditions) wanted
                        WHERE (wanted.value ? (r.attrs ->> wanted.key)) IS NOT TRUE)
     CROSS JOIN LATERAL (SELECT mart.too_old_on(r.attrs ->> (g.birth_window ->> 'column'), g.birth_window ->> 'turns_on',
                                                (g.birth_window ->> 'years')::int) AS too_old_on) b
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE least(r.valid_to, r.said_again, b.too_old_on) > r.valid_from;
END;
COMMENT ON FUNCTION mart.key_group_member_known(timestamptz) IS
    'Every membership of a key group, of all days, as known at a moment. Personal data: building.';

CREATE VIEW mart.key_group_member AS SELECT * FROM mart.key_group_member_known();
COMMENT ON VIEW mart.key_group_member IS
    'Every membership of a key group as believed now, each person once a day. Members on a day: valid_from <= day AND valid_to > day. A group with a birth window is left by itself when the window has passed. Personal data: building.';

COMMENT ON COLUMN mart.key_group_member.group IS 'The group''s code in rules/key_groups.yaml.';
COMMENT ON COLUMN mart.key_group_member.person_id IS 'NULL while nobody knows who it is: record_key tells members apart then.';
COMMENT ON COLUMN mart.key_group_member.record_key IS 'The record, of dataset, that says so.';
COMMENT ON COLUMN mart.key_group_member.valid_to IS
    'The day the record ends, something else is said, or the birth window passes, whichever is first.';

CREATE FUNCTION mart.key_group_member_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.key_group_member
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.key_group_member_known(known_at) m
     WHERE m.valid_from <= mart.last_day(period) AND m.valid_to > mart.last_day(period);
END;
COMMENT ON FUNCTION mart.key_group_member_as_of(text, timestamptz) IS
    'The members of each key group on the last day of a period, as known at a moment. Personal data: building.';

CREATE FUNCTION mart.key_group_count_on(on_day date, known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE ("group" text, title text, street_code text, community_code text, community_name text, persons bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m."group", m.title, m.street_code, m.community_code, u.name,
           count(DISTINCT coalesce(m.person_id, m.dataset || '/' || m.record_key))
      FROM mart.key_group_member_known(known_at) m
      LEFT JOIN warehouse.unit u
        ON u.code = m.community_code AND u.valid_from <= on_day AND u.valid_to > on_day
     WHERE m.valid_from <= on_day AND m.valid_to > on_day
     GROUP BY m."group", m.title, m.street_code, m.community_code, u.name;
END;
COMMENT ON FUNCTION mart.key_group_count_on(date, timestamptz) IS
    'Persons in each key group by community on a day, as known at a moment. community_code is NULL for members without a known courtyard. No personal data.';

CREATE FUNCTION mart.key_group_count_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE ("group" text, title text, street_code text, community_code text, community_name text, persons bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.key_group_count_on(mart.last_day(period), known_at);
END;
COMMENT ON FUNCTION mart.key_group_count_as_of(text, timestamptz) IS
    'Persons in each key group by community on the last day of a period, as known at a moment. No personal data.';

CREATE FUNCTION mart.age_on(birth_date text, on_day date) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10 AND birth_date::date <= on_day
            THEN date_part('year', age(on_day, birth_date::date))::integer END;
COMMENT ON FUNCTION mart.age_on(text, date) IS
    'Full years of age, turned on the birthday; NULL where the birth date is not known to the day or lies after it. No personal data.';

CREATE FUNCTION mart.person_birth_date(person text, known_at timestamptz) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.attrs ->> 'birth_date'
      FROM mart.record_known(known_at) r
      JOIN warehouse.authority a ON a.street_code = r.street_code AND a.dataset = r.dataset AND a.attribute = 'birth_date'
     WHERE r.person_id = person AND r.attrs ? 'birth_date'
     ORDER BY a.rank, r.valid_from DESC, r.record_key
     LIMIT 1;
END;
COMMENT ON FUNCTION mart.person_birth_date(text, timestamptz) IS
    'A person''s birth date from the most trusted dataset that states one, as known at a moment. Personal data: person_birth_date.';

CREATE VIEW mart.person_current AS
WITH stated AS (
    SELECT r.street_code, r.person_id, array_agg(DISTINCT r.dataset ORDER BY r.dataset) AS datasets
      FROM warehouse.record r
     WHERE r.is_current AND r.person_id IS NOT NULL
       AND (r.street_code, r.dataset) IN (SELECT street_code, dataset FROM warehouse.authority)
     GROUP BY r.street_code, r.person_id
), believed AS (
    SELECT street_code, person_id, max(value) FILTER (WHERE attribute = 'name') AS name,
           max(value) FILTER (WHERE attribute = 'sex') AS sex,
           max(value) FILTER (WHERE attribute = 'birth_date') AS birth_date,
           max(value) FILTER (WHERE attribute = 'courtyard_code') AS courtyard_code
      FROM mart.person_value
     GROUP BY street_code, person_id
)
SELECT s.street_code, s.person_id, b.name, b.sex, b.birth_date, b.courtyard_code, s.datasets
  FROM stated s
  LEFT JOIN believed b USING (street_code, person_id);
COMMENT ON VIEW mart.person_current IS
    'One row a person: each attribute as mart.person_value has it, of what the datasets said last, ended or not. Personal data: name, sex, birth_date.';

CREATE FUNCTION mart.person_claim_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, person_id text, attribute text, value text, rank integer, dataset text, record_key text,
    valid_from date, is_active boolean, recorded_at timestamptz, delivery_id text, sheet text, row_no integer
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (r.street_code, r.person_id, r.dataset) r.*
          FROM mart.record_as_of(period, known_at) r
         WHERE r.person_id IS NOT NULL
         ORDER BY r.street_code, r.person_id, r.dataset, r.is_active DESC, r.valid_from DESC, r.record_key
    )
    SELECT l.street_code, l.person_id, a.attribute,
           CASE WHEN a.attribute NOT IN ('courtyard_code', 'household_id') THEN l.attrs ->> a.attribute
                WHEN NOT l.is_active THEN NULL
                WHEN a.attribute = 'courtyard_code' THEN l.courtyard_code
                ELSE l.household_id END,
           a.rank, l.dataset, l.record_key, l.valid_from, l.is_active, l.recorded_at, l.delivery_id, l.sheet, l.row_no
      FROM latest l
      JOIN warehouse.authority a USING (street_code, dataset);
END;
COMMENT ON FUNCTION mart.person_claim_as_of(text, timestamptz) IS
    'What each dataset said of each person on the last day of a period, one row an attribute, the most trusted rank 1; value is NULL where it said nothing, and where a person no longer listed would live. Explains a row of mart.person_as_of. Personal data: value.';

CREATE FUNCTION mart.person_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, person_id text, name text, sex text, birth_date text, courtyard_code text, household_id text,
    is_active boolean, datasets text[]
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH trusted AS (
        SELECT c.street_code, c.person_id,
               (array_agg(c.value ORDER BY c.rank) FILTER (WHERE c.attribute = 'name' AND c.value IS NOT NULL))[1] AS name,
               (array_agg(c.value ORDER BY c.rank) FILTER (WHERE c.attribute = 'sex' AND c.value IS NOT NULL))[1] AS sex,
               (array_agg(c.value ORDER BY c.rank)
                   FILTER (WHERE c.attribute = 'birth_date' AND c.value IS NOT NULL))[1] AS birth_date,
               (array_agg(c.value ORDER BY c.rank)
                   FILTER (WHERE c.attribute = 'courtyard_code' AND c.value IS NOT NULL))[1] AS courtyard_code,
               (array_agg(c.value ORDER BY c.rank)
                   FILTER (WHERE c.attribute = 'household_id' AND c.value IS NOT NULL))[1] AS household_id,
               bool_or(c.is_active) AS is_active, array_agg(DISTINCT c.dataset ORDER BY c.dataset) AS datasets
          FROM mart.person_claim_as_of(period, known_at) c
         GROUP BY c.street_code, c.person_id
    ), decided AS (
        -- Where the datasets differ, what won by the pack's rules or was settled at the desk.
        SELECT d.street_code, d.subject AS person_id, max(d.value) FILTER (WHERE d.attribute = 'name') AS name,
               max(d.value) FILTER (WHERE d.attribute = 'sex') AS sex,
               max(d.value) FILTER (WHERE d.attribute = 'birth_date') AS birth_date,
               max(d.value) FILTER (WHERE d.attribute = 'courtyard_code') AS courtyard_code
          FROM warehouse.discrepancy d
         WHERE d.kind = 'claim' AND d.period = to_char(mart.last_day(person_as_of.period), 'YYYY"Q"Q')
           AND d.recorded_at <= known_at AND (d.superseded_at > known_at OR d.superseded_at = 'infinity')
         GROUP BY d.street_code, d.subject
    )
    SELECT t.street_code, t.person_id, coalesce(d.name, t.name), coalesce(d.sex, t.sex),
           coalesce(d.birth_date, t.birth_date), CASE WHEN t.is_active THEN coalesce(d.courtyard_code, t.courtyard_code) END,
           t.household_id, t.is_active, t.datasets
      FROM trusted t
      LEFT JOIN decided d USING (street_code, person_id);
END;
COMMENT ON FUNCTION mart.person_as_of(text, timestamptz) IS
    'One row a person of whom any dataset held a record on the last day of a period: each attribute from the most trusted dataset that stated it then or, where datasets differ, as mart.discrepancy of the quarter decided. is_active: at least one of datasets lists the person as present. birth_date is a text, as precise as its source; sex is a code of GB/T 2261.1. Personal data: name, sex, birth_date.';
