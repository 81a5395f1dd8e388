-- Where people live, and with whom: versions drawn from the register of the population, the dataset that is the
-- authority for households. Every change takes effect on the day from which the register says it.

CREATE FUNCTION mart.stay_known(known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, person_id text, valid_from date, valid_to date, courtyard_code text, building text, unit_no text,
    room text, household_id text, is_head boolean, recorded_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH entry AS (
        SELECT r.street_code, r.person_id, r.valid_from, r.valid_to, r.courtyard_code, r.building, r.unit_no, r.room,
               r.household_id, coalesce(r.attrs ->> 'relation' = '0', false) AS is_head, r.recorded_at, r.record_key,
               lead(r.valid_from) OVER (PARTITION BY r.street_code, r.person_id ORDER BY r.valid_from) < r.valid_to AS is_met
          FROM mart.record_known(known_at) r
          JOIN warehouse.authority a ON a.street_code = r.street_code AND a.dataset = r.dataset AND a.attribute = 'household_id'
         WHERE r.is_active AND r.person_id IS NOT NULL
    ), twice AS (
        -- One person may stand in the register twice: on each day the entry that began last holds.
        SELECT * FROM entry WHERE (street_code, person_id) IN (SELECT street_code, person_id FROM entry WHERE is_met)
    ), day AS (
        SELECT street_code, person_id, valid_from AS starts FROM twice
         UNION
        SELECT street_code, person_id, valid_to FROM twice
    ), stretch AS (
        SELECT street_code, person_id, starts, lead(starts) OVER (PARTITION BY street_code, person_id ORDER BY starts) AS ends
          FROM day
    ), settled AS (
        SELECT DISTINCT ON (s.street_code, s.person_id, s.starts) s.starts, s.ends, e.*
          FROM stretch s
          JOIN twice e
            ON e.street_code = s.street_code AND e.person_id = s.person_id AND e.valid_from <= s.starts AND e.valid_to >= s.ends
         ORDER BY s.street_code, s.person_id, s.starts, e.valid_from DESC, e.recorded_at DESC, e.record_key
    )
    SELECT street_code, person_id, valid_from, valid_to, courtyard_code, building, unit_no, room, household_id, is_head,
           recorded_at
      FROM entry
     WHERE (street_code, person_id) NOT IN (SELECT street_code, person_id FROM entry WHERE is_met)
     UNION ALL
    SELECT street_code, person_id, starts, ends, courtyard_code, building, unit_no, room, household_id, is_head, recorded_at
      FROM settled;
END;
COMMENT ON FUNCTION mart.stay_known(timestamptz) IS
    'For each person and stretch of days the one entry of the register that holds; what residences and households are made of. is_head: the entry names the person as head of the household. Personal data: building, unit_no, room.';

CREATE FUNCTION mart.residence_known(known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, person_id text, courtyard_code text, building text, unit_no text, room text, household_id text,
    valid_from date, valid_to date, came text, went text, recorded_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH stay AS (
        SELECT s.*, md5(ROW(s.courtyard_code, s.building, s.unit_no, s.room)::text) AS place,
               lag(s.valid_to) OVER w AS before_to, lag(s.household_id) OVER w AS before_household,
               lag(md5(ROW(s.courtyard_code, s.building, s.unit_no, s.room)::text)) OVER w AS before_place
          FROM mart.stay_known(known_at) s
        WINDOW w AS (PARTITION BY s.street_code, s.person_id ORDER BY s.valid_from)
    ), numbered AS (
        SELECT *, count(*) FILTER (WHERE (before_to, before_place, before_household)
                                         IS DISTINCT FROM (valid_from, place, household_id))
                  OVER (PARTITION BY street_code, person_id ORDER BY valid_from) AS version
          FROM stay
    ), version AS (
        SELECT street_code, person_id, courtyard_code, building, unit_no, room, household_id, place,
               min(valid_from) AS valid_from, max(valid_to) AS valid_to, max(recorded_at) AS recorded_at
          FROM numbered
         GROUP BY street_code, person_id, version, courtyard_code, building, unit_no, room, household_id, place
    )
    SELECT street_code, person_id, courtyard_code, building, unit_no, room, household_id, valid_from, valid_to,
           CASE WHEN lag(valid_to) OVER w IS NULL THEN 'first'
                WHEN lag(valid_to) OVER w < valid_from THEN 'returned'
                WHEN lag(place) OVER w = place THEN 'household'
                ELSE 'moved' END,
           CASE WHEN valid_to = 'infinity' THEN NULL
                WHEN lead(valid_from) OVER w IS DISTINCT FROM valid_to THEN 'left'
                WHEN lead(place) OVER w = place THEN 'household'
                ELSE 'moved' END,
           recorded_at
      FROM version
    WINDOW w AS (PARTITION BY street_code, person_id ORDER BY valid_from);
END;
COMMENT ON FUNCTION mart.residence_known(timestamptz) IS
    'mart.residence as known at a moment. Personal data: building, unit_no, room.';

CREATE VIEW mart.residence AS SELECT * FROM mart.residence_known();
COMMENT ON VIEW mart.residence IS
    'Where each person has lived, one row a stretch of days in one room and household, as believed now. Absence from the register ends nothing; an entry that says so does. Personal data: building, unit_no, room.';
COMMENT ON COLUMN mart.residence.valid_to IS 'The first day on which it no longer holds; infinity while it does.';
COMMENT ON COLUMN mart.residence.came IS
    'How it began: first (nothing is known before), moved (from another address), household (the same address, another household), returned (after having left).';
COMMENT ON COLUMN mart.residence.went IS 'How it ended: moved, household or left (moved out of the street, or died); NULL while it holds.';
COMMENT ON COLUMN mart.residence.recorded_at IS 'When the last of the records that say so was learned.';

CREATE FUNCTION mart.residence_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.residence
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.residence_known(known_at) r
     WHERE r.valid_from <= mart.last_day(period) AND r.valid_to > mart.last_day(period);
END;
COMMENT ON FUNCTION mart.residence_as_of(text, timestamptz) IS
    'Where each person lived on the last day of a period, as known at a moment. Personal data: building, unit_no, room.';

CREATE FUNCTION mart.household_version_known(known_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    street_code text, household_id text, valid_from date, valid_to date, courtyard_code text, building text, unit_no text,
    room text, members integer, head text, persons text[], began text, came_from text[], ended text, went_to text[],
    since date, recorded_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH stay AS MATERIALIZED (
        SELECT * FROM mart.stay_known(known_at) WHERE household_id IS NOT NULL
    ), transfer AS (
        -- Who left one household for another on the same day.
        SELECT DISTINCT street_code, before_household AS source, household_id AS target, valid_from AS day
          FROM (SELECT *, lag(valid_to) OVER w AS before_to, lag(household_id) OVER w AS before_household
                  FROM stay
                WINDOW w AS (PARTITION BY street_code, person_id ORDER BY valid_from)) s
         WHERE before_to = valid_from AND before_household <> household_id
    ), day AS (
        SELECT street_code, household_id, valid_from AS starts FROM stay
         UNION
        SELECT street_code, household_id, valid_to FROM stay
    ), stretch AS (
        SELECT street_code, household_id, starts,
               lead(starts) OVER (PARTITION BY street_code, household_id ORDER BY starts) AS ends
          FROM day
    ), seen AS (
        -- It lives where its head does, or else its first member. Two heads are none.
        SELECT s.street_code, s.household_id, s.starts, s.ends,
               (array_agg(m.courtyard_code ORDER BY m.is_head DESC, m.person_id))[1] AS courtyard_code,
               (array_agg(m.building ORDER BY m.is_head DESC, m.person_id))[1] AS building,
               (array_agg(m.unit_no ORDER BY m.is_head DESC, m.person_id))[1] AS unit_no,
               (array_agg(m.room ORDER BY m.is_head DESC, m.person_id))[1] AS room,
               CASE WHEN count(*) FILTER (WHERE m.is_head) = 1 THEN min(m.person_id) FILTER (WHERE m.is_head) END AS head,
               array_agg(m.person_id ORDER BY m.person_id) AS persons, max(m.recorded_at) AS recorded_at
          FROM stretch s
          JOIN stay m
            ON m.street_code = s.street_code AND m.household_id = s.household_id
           AND m.valid_from <= s.starts AND m.valid_to >= s.ends
         GROUP BY s.street_code, s.household_id, s.starts, s.ends
    ), numbered AS (
        SELECT *, ROW(courtyard_code, building, unit_no, room)::text AS place,
               count(*) FILTER (WHERE NOT is_same) OVER (PARTITION BY street_code, household_id ORDER BY starts) AS version
          FROM (SELECT *, coalesce(lag(ends) OVER w = starts AND lag(persons) OVER w = persons
                                   AND ROW(lag(head) OVER w, lag(courtyard_code) OVER w, lag(building) OVER w,
                                           lag(unit_no) OVER w, lag(room) OVER w)
                                       IS NOT DISTINCT FROM ROW(head, courtyard_code, building, unit_no, room), false) AS is_same
                  FROM seen
                WINDOW w AS (PARTITION BY street_code, household_id ORDER BY starts)) s
    ), version AS (
        SELECT street_code, household_id, courtyard_code, building, unit_no, room, place, head, persons,
               min(starts) AS valid_from, max(ends) AS valid_to, max(recorded_at) AS recorded_at
          FROM numbered
         GROUP BY street_code, household_id, version, courtyard_code, building, unit_no, room, place, head, persons
    ), came AS (
        SELECT t.street_code, t.target AS household_id, t.day, array_agg(t.source ORDER BY t.source) AS came_from,
               bool_or(o.household_id IS NOT NULL) AS is_split
          FROM transfer t
          LEFT JOIN version o
            ON o.street_code = t.street_code AND o.household_id = t.source AND o.valid_from <= t.day AND o.valid_to > t.day
         GROUP BY t.street_code, t.target, t.day
    ), went AS (
        SELECT street_code, source AS household_id, day, array_agg(target ORDER BY target) AS went_to
          FROM transfer
         GROUP BY street_code, source, day
    ), told AS (
        SELECT v.*, c.came_from, g.went_to,
               CASE WHEN lag(v.valid_to) OVER w IS NULL THEN CASE WHEN c.is_split THEN 'split' ELSE 'formed' END
                    WHEN lag(v.valid_to) OVER w < v.valid_from THEN 'returned'
                    WHEN lag(v.place) OVER w <> v.place THEN 'moved'
                    ELSE 'changed' END AS began,
               CASE WHEN v.valid_to = 'infinity' OR lead(v.valid_from) OVER w = v.valid_to THEN NULL
                    WHEN g.went_to IS NOT NULL THEN 'joined'
                    WHEN lead(v.valid_from) OVER w IS NOT NULL THEN 'left'
                    ELSE 'dissolved' END AS ended
          FROM version v
          LEFT JOIN came c ON c.street_code = v.street_code AND c.household_id = v.household_id AND c.day = v.valid_from
          LEFT JOIN went g ON g.street_code = v.street_code AND g.household_id = v.household_id AND g.day = v.valid_to
        WINDOW w AS (PARTITION BY v.street_code, v.household_id ORDER BY v.valid_from)
    )
    SELECT street_code, household_id, valid_from, valid_to, courtyard_code, building, unit_no, room, cardinality(persons),
           head, persons, began, came_from, ended, went_to,
           max(valid_from) FILTER (WHERE began <> 'changed')
               OVER (PARTITION BY street_code, household_id ORDER BY valid_from),
           recorded_at
      FROM told;
END;
COMMENT ON FUNCTION mart.household_version_known(timestamptz) IS
    'mart.household_version as known at a moment. Personal data: building, unit_no, room.';

CREATE VIEW mart.household_version AS SELECT * FROM mart.household_version_known();
COMMENT ON VIEW mart.household_version IS
    'The history of each household as believed now, one row a stretch of days with the same members, head and room. Personal data: building, unit_no, room.';
COMMENT ON COLUMN mart.household_version.head IS 'The person whom the register names as head; NULL where it names none or several.';
COMMENT ON COLUMN mart.household_version.persons IS 'The person_id of every member.';
COMMENT ON COLUMN mart.household_version.began IS
    'How it began: formed, split (members of a household that lives on), moved, changed (members or head), returned (after all had left).';
COMMENT ON COLUMN mart.household_version.came_from IS 'The households that members came from on valid_from; NULL when none did.';
COMMENT ON COLUMN mart.household_version.ended IS
    'How the household ended with it: joined (members live on in went_to), left (it returned later), dissolved; NULL while it lives on.';
COMMENT ON COLUMN mart.household_version.went_to IS 'The households that members went to on valid_to; NULL when none did.';
COMMENT ON COLUMN mart.household_version.since IS 'The day since which it has lived there without a break.';

CREATE VIEW mart.household AS
SELECT street_code, household_id, courtyard_code, building, unit_no, room, members, head, persons, since, valid_from,
       began, came_from, recorded_at
  FROM mart.household_version
 WHERE valid_to = 'infinity';
COMMENT ON VIEW mart.household IS
    'Every household that lives in the street, as believed now. since: at this room; valid_from: with these members and head. Personal data: building, unit_no, room.';

CREATE FUNCTION mart.household_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.household
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT street_code, household_id, courtyard_code, building, unit_no, room, members, head, persons, since, valid_from,
           began, came_from, recorded_at
      FROM mart.household_version_known(known_at)
     WHERE valid_from <= mart.last_day(period) AND valid_to > mart.last_day(period);
END;
COMMENT ON FUNCTION mart.household_as_of(text, timestamptz) IS
    'Every household that lived in the street on the last day of a period, as known at a moment. Personal data: building, unit_no, room.';
