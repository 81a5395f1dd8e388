-- The archive of each courtyard, its tags and the indicators: history, what is believed now, and as of a moment.

CREATE FUNCTION mart.moment(written text) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN CASE WHEN length(written) = 10 THEN written::date::timestamp AT TIME ZONE 'Asia/Shanghai'
            WHEN length(written) > 10 THEN written::timestamptz END;
COMMENT ON FUNCTION mart.moment(text) IS
    'A date (its first moment in Asia/Shanghai) or a date with time as a moment; NULL where the day is not known. No personal data.';

CREATE FUNCTION mart.quarters_before(period text, quarters integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN (left(period, 4)::int * 4 + right(period, 1)::int - 1 - quarters) / 4 || 'Q'
       || (left(period, 4)::int * 4 + right(period, 1)::int - 1 - quarters) % 4 + 1;
COMMENT ON FUNCTION mart.quarters_before(text, integer) IS 'The quarter so many before another: 2026Q1, 4 is 2025Q1. No personal data.';

CREATE VIEW mart.courtyard_archive_history AS
SELECT a.street_code, a.courtyard_code, c.name AS courtyard_name, c.community_code, c.community_name, c.grid_code,
       c.grid_name, a.period, a.recorded_at, a.superseded_at, a.population, a.key_groups, a.resources, a.providers,
       a.items, a.response
  FROM warehouse.courtyard_archive a
  JOIN mart.courtyard c USING (street_code, courtyard_code);
COMMENT ON VIEW mart.courtyard_archive_history IS
    'Every archive of a courtyard and quarter that was ever believed, from recorded_at to superseded_at. No personal data.';

CREATE VIEW mart.courtyard_archive AS
SELECT street_code, courtyard_code, courtyard_name, community_code, community_name, grid_code, grid_name, period,
       recorded_at, population, key_groups, resources, providers, items, response
  FROM mart.courtyard_archive_history
 WHERE superseded_at = 'infinity';
COMMENT ON VIEW mart.courtyard_archive IS
    'The archive of each courtyard and quarter as it is believed now, in five modules with the key groups; a figure that is null is not known, 0 is none. Counts of a courtyard are small: not for courtyard_reader. No personal data.';

CREATE FUNCTION mart.courtyard_archive_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.courtyard_archive
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.street_code, h.courtyard_code, h.courtyard_name, h.community_code, h.community_name, h.grid_code,
           h.grid_name, h.period, h.recorded_at, h.population, h.key_groups, h.resources, h.providers, h.items,
           h.response
      FROM mart.courtyard_archive_history h
     WHERE h.period = courtyard_archive_as_of.period AND h.recorded_at <= known_at
       AND (h.superseded_at > known_at OR h.superseded_at = 'infinity');
END;
COMMENT ON FUNCTION mart.courtyard_archive_as_of(text, timestamptz) IS
    'The archives of a quarter as they were known at a moment; without one, as they are known now. No personal data.';

CREATE VIEW mart.courtyard_tag_history AS
SELECT t.street_code, t.courtyard_code, c.name AS courtyard_name, c.community_code, c.community_name, c.grid_code,
       c.grid_name, t.period, t.recorded_at, t.superseded_at, t.tag, t.title, t.category, t.is_judged, t.reason,
       t.figures
  FROM warehouse.courtyard_tag t
  JOIN mart.courtyard c USING (street_code, courtyard_code);
COMMENT ON VIEW mart.courtyard_tag_history IS
    'Every tag that a courtyard was ever believed to have in a quarter, from recorded_at to superseded_at; with is_judged false, one of which nobody could tell. No personal data.';

CREATE VIEW mart.courtyard_tag AS
SELECT street_code, courtyard_code, courtyard_name, community_code, community_name, grid_code, grid_name, period,
       recorded_at, tag, title, category, reason, figures
  FROM mart.courtyard_tag_history
 WHERE superseded_at = 'infinity' AND is_judged;
COMMENT ON VIEW mart.courtyard_tag IS
    'The tags of each courtyard and quarter as believed now, each with its reason and the figures behind it. What could not be judged is in mart.courtyard_tag_unjudged. Not for courtyard_reader. No personal data.';

CREATE VIEW mart.courtyard_tag_unjudged AS
SELECT street_code, courtyard_code, courtyard_name, community_code, community_name, grid_code, grid_name, period,
       recorded_at, tag, title, category, reason, figures
  FROM mart.courtyard_tag_history
 WHERE superseded_at = 'infinity' AND NOT is_judged;
COMMENT ON VIEW mart.courtyard_tag_unjudged IS
    'Tags of which nobody can tell whether a courtyard has them, because a figure is not known: neither yes nor no. No personal data.';

CREATE FUNCTION mart.courtyard_tag_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.courtyard_tag
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.street_code, h.courtyard_code, h.courtyard_name, h.community_code, h.community_name, h.grid_code,
           h.grid_name, h.period, h.recorded_at, h.tag, h.title, h.category, h.reason, h.figures
      FROM mart.courtyard_tag_history h
     WHERE h.period = courtyard_tag_as_of.period AND h.is_judged AND h.recorded_at <= known_at
       AND (h.superseded_at > known_at OR h.superseded_at = 'infinity');
END;
COMMENT ON FUNCTION mart.courtyard_tag_as_of(text, timestamptz) IS
    'The tags of a quarter as they were known at a moment; without one, as they are known now. No personal data.';

CREATE FUNCTION mart.courtyard_tag_unjudged_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.courtyard_tag_unjudged
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.street_code, h.courtyard_code, h.courtyard_name, h.community_code, h.community_name, h.grid_code,
           h.grid_name, h.period, h.recorded_at, h.tag, h.title, h.category, h.reason, h.figures
      FROM mart.courtyard_tag_history h
     WHERE h.period = courtyard_tag_unjudged_as_of.period AND NOT h.is_judged AND h.recorded_at <= known_at
       AND (h.superseded_at > known_at OR h.superseded_at = 'infinity');
END;
COMMENT ON FUNCTION mart.courtyard_tag_unjudged_as_of(text, timestamptz) IS
    'The tags that could not be judged in a quarter, as known at a moment; without one, as known now. No personal data.';

CREATE VIEW mart.courtyard_indicator_history AS
WITH named AS (
    SELECT DISTINCT ON (code) code, name FROM warehouse.unit ORDER BY code, valid_from DESC
)
SELECT i.street_code, i.level, i.unit_code, coalesce(c.name, u.name) AS unit_name, i.period, i.recorded_at,
       i.superseded_at, i.indicator, i.title, i.unit, i.value, i.numerator, i.denominator, i.state, i.courtyards,
       i.courtyards_known
  FROM warehouse.courtyard_indicator i
  LEFT JOIN warehouse.courtyard c ON c.courtyard_code = i.unit_code
  LEFT JOIN named u ON u.code = i.unit_code;
COMMENT ON VIEW mart.courtyard_indicator_history IS
    'Every value that an indicator was ever believed to have, from recorded_at to superseded_at. No personal data.';

CREATE FUNCTION mart.indicators_known(quarter text, known_at timestamptz)
RETURNS TABLE (street_code text, level text, unit_code text, unit_name text, period text, recorded_at timestamptz,
               indicator text, title text, unit text, value numeric, numerator numeric, denominator numeric,
               state text, courtyards integer, courtyards_known integer, previous numeric, change numeric,
               year_before numeric, change_on_year numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH known AS (
        SELECT h.*
          FROM mart.courtyard_indicator_history h
         WHERE h.period IN (quarter, mart.quarters_before(quarter, 1), mart.quarters_before(quarter, 4))
           AND h.recorded_at <= known_at AND (h.superseded_at > known_at OR h.superseded_at = 'infinity')
    )
    SELECT n.street_code, n.level, n.unit_code, n.unit_name, n.period, n.recorded_at, n.indicator, n.title, n.unit,
           n.value, n.numerator, n.denominator, n.state, n.courtyards, n.courtyards_known, p.value, n.value - p.value,
           y.value, n.value - y.value
      FROM known n
      LEFT JOIN known p
        ON p.street_code = n.street_code AND p.unit_code = n.unit_code AND p.indicator = n.indicator
       AND p.period = mart.quarters_before(n.period, 1)
      LEFT JOIN known y
        ON y.street_code = n.street_code AND y.unit_code = n.unit_code AND y.indicator = n.indicator
       AND y.period = mart.quarters_before(n.period, 4)
     WHERE n.period = quarter;
END;
COMMENT ON FUNCTION mart.indicators_known(text, timestamptz) IS
    'What mart.courtyard_indicator and mart.courtyard_indicator_as_of are made of. No personal data.';

CREATE VIEW mart.courtyard_indicator AS
SELECT i.street_code, i.level, i.unit_code, i.unit_name, i.period, i.recorded_at, i.indicator, i.title,
       i.unit, i.value, i.numerator, i.denominator, i.state, i.courtyards, i.courtyards_known, i.previous, i.change,
       i.year_before, i.change_on_year
  FROM (SELECT DISTINCT period FROM warehouse.courtyard_indicator) q
 CROSS JOIN LATERAL mart.indicators_known(q.period, 'infinity') i;
COMMENT ON VIEW mart.courtyard_indicator IS
    'Indicators of each courtyard, community and the street by quarter as believed now, with their change on the quarter before and on the year before. Units without data have a row with state no_data; no_cases is nothing to divide by. Not for courtyard_reader. No personal data.';

CREATE FUNCTION mart.courtyard_indicator_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.courtyard_indicator
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.street_code, i.level, i.unit_code, i.unit_name, i.period, i.recorded_at, i.indicator, i.title, i.unit,
           i.value, i.numerator, i.denominator, i.state, i.courtyards, i.courtyards_known, i.previous, i.change,
           i.year_before, i.change_on_year
      FROM mart.indicators_known(courtyard_indicator_as_of.period, known_at) i;
END;
COMMENT ON FUNCTION mart.courtyard_indicator_as_of(text, timestamptz) IS
    'The indicators of a quarter as they were known at a moment, with the quarter before and the same quarter of the year before as known at that moment too. No personal data.';
