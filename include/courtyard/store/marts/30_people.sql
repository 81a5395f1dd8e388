-- People.

CREATE FUNCTION mart.too_old_on(birth_date text, turns_on text, years integer) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10
            THEN (make_date(left(birth_date, 4)::int - (substr(birth_date, 6) < turns_on)::int,
                            left(turns_on, 2)::int, right(turns_on, 2)::int)
                  + make_interval(years => years + 1))::date END;
COMMENT ON FUNCTION mart.too_old_on(text, text, integer) IS
    'The first day on which somebody born then is past a window of one year of births that turns on MM-DD and goes back so many years; NULL where the birth date is not known to the day or there is no window.';

CREATE VIEW mart.key_group_member AS
WITH said AS (
    -- One person may stand under several record keys (with and without an ID number): what was said last holds.
    SELECT r.*, lead(r.valid_from) OVER (PARTITION BY r.street_code, r.dataset, coalesce(r.person_id, r.record_key)
                                         ORDER BY r.valid_from, r.is_active, r.recorded_at, r.record_key) AS said_again
      FROM warehouse.record r
     WHERE r.is_current AND r.dataset IN (SELECT dataset FROM warehouse.key_group)
)
SELECT g.group_code AS "group", g.title, r.street_code, r.person_id, r.courtyard_code, c.community_code, r.dataset,
       r.record_key, r.valid_from, least(r.valid_to, r.said_again, b.too_old_on) AS valid_to, r.recorded_at,
       r.building
  FROM warehouse.key_group g
  JOIN said r
    ON r.dataset = g.dataset AND r.is_active
   AND NOT EXISTS (SELECT FROM jsonb_each(g.conditions) wanted
                    WHERE (wanted.value ? (r.attrs ->> wanted.key)) IS NOT TRUE)
 CROSS JOIN LATERAL (SELECT mart.too_old_on(r.attrs ->> (g.birth_window ->> 'column'), g.birth_window ->> 'turns_on',
                                            (g.birth_window ->> 'years')::int) AS too_old_on) b
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE least(r.valid_to, r.said_again, b.too_old_on) > r.valid_from;
COMMENT ON VIEW mart.key_group_member IS
    'Every membership of a key group as believed now, each person once a day. Members on a day: valid_from <= day AND valid_to > day. A group with a birth window is left by itself when the window has passed.';

CREATE FUNCTION mart.key_group_count_on(on_day date)
RETURNS TABLE ("group" text, title text, street_code text, community_code text, community_name text, persons bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m."group", m.title, m.street_code, m.community_code, u.name,
           count(DISTINCT coalesce(m.person_id, m.dataset || '/' || m.record_key))
      FROM mart.key_group_member m
      LEFT JOIN warehouse.unit u
        ON u.code = m.community_code AND u.valid_from <= on_day AND u.valid_to > on_day
     WHERE m.valid_from <= on_day AND m.valid_to > on_day
     GROUP BY m."group", m.title, m.street_code, m.community_code, u.name;
END;
COMMENT ON FUNCTION mart.key_group_count_on(date) IS
    'Persons in each key group by community on a day, as believed now; a quarter is counted on its last day. community_code is NULL for members without a known courtyard.';

CREATE FUNCTION mart.age_on(birth_date text, on_day date) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(birth_date) = 10 AND birth_date::date <= on_day
            THEN date_part('year', age(on_day, birth_date::date))::integer END;
COMMENT ON FUNCTION mart.age_on(text, date) IS
    'Full years of age, turned on the birthday; NULL where the birth date is not known to the day or lies after it.';

CREATE FUNCTION mart.person_birth_date(person text, known_at timestamptz) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.attrs ->> 'birth_date'
      FROM warehouse.record r
      JOIN warehouse.authority a ON a.dataset = r.dataset AND a.attribute = 'birth_date'
     WHERE r.person_id = person AND r.attrs ? 'birth_date'
       AND r.recorded_at <= known_at AND r.superseded_at > known_at
     ORDER BY a.rank, r.valid_from DESC, r.record_key
     LIMIT 1;
END;
COMMENT ON FUNCTION mart.person_birth_date(text, timestamptz) IS
    'A person''s birth date from the most trusted dataset that states one, as known at a moment.';

CREATE VIEW mart.person_current AS
WITH latest AS (
    SELECT DISTINCT ON (r.person_id, r.dataset) r.*
      FROM warehouse.record r
     WHERE r.is_current AND r.person_id IS NOT NULL
     ORDER BY r.person_id, r.dataset, r.valid_from DESC, r.record_key
), claim AS (
    SELECT l.street_code, l.person_id, l.is_active, a.attribute, a.rank, l.dataset,
           CASE a.attribute WHEN 'courtyard_code' THEN l.courtyard_code ELSE l.attrs ->> a.attribute END AS value
      FROM latest l
      JOIN warehouse.authority a USING (dataset)
)
SELECT street_code, person_id,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'name' AND value IS NOT NULL))[1] AS name,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'sex' AND value IS NOT NULL))[1] AS sex,
       (array_agg(value ORDER BY rank) FILTER (WHERE attribute = 'birth_date' AND value IS NOT NULL))[1] AS birth_date,
       (array_agg(value ORDER BY rank)
           FILTER (WHERE attribute = 'courtyard_code' AND is_active AND value IS NOT NULL))[1] AS courtyard_code,
       array_agg(DISTINCT dataset ORDER BY dataset) AS datasets
  FROM claim
 GROUP BY street_code, person_id;
COMMENT ON VIEW mart.person_current IS
    'One row a person: each attribute from the most trusted dataset that states it (warehouse.authority). Personal data: for the publisher.';

CREATE VIEW mart.discrepancy AS
SELECT d.street_code, d.period, d.person_id, d.attribute, d.claims, d.chosen_dataset, d.status
  FROM warehouse.discrepancy d;
COMMENT ON VIEW mart.discrepancy IS 'Where sources disagree on an attribute of a person: every claim with its delivery, sheet and row.';
