-- Cases: where each stands, its steps, and figures of them. All of it is made of events, whose columns bear the state after
-- each, so that any moment can be asked for. `until` is a first moment that no longer counts, `known_at` the last one whose
-- events were known.

CREATE FUNCTION mart.case_event_at(until timestamptz, known_at timestamptz) RETURNS SETOF cases.event
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- A case begins with its first minute, also where it was taken up later.
    SELECT e.*
      FROM cases.event e
     WHERE e.at <= known_at
       AND (e.at < until OR (e.seq = 1 AND coalesce((e.data ->> 'opened_at')::timestamptz, e.at) < until));
END;
COMMENT ON FUNCTION mart.case_event_at(timestamptz, timestamptz) IS
    'The events of cases that had happened before a moment, as far as they were known; the opening counts from the case''s first minute. data holds what people wrote. Personal data: data.';

CREATE FUNCTION mart.worked_minutes(street text, since timestamptz, until timestamptz) RETURNS integer
LANGUAGE sql STABLE
RETURN (
    SELECT (l.minutes_before + floor(extract(epoch FROM least(l.ends_at, until) - l.begins_at) / 60)
            - f.minutes_before - floor(extract(epoch FROM least(f.ends_at, since) - f.begins_at) / 60))::int
      FROM (SELECT * FROM warehouse.working_stretch w
             WHERE w.street_code = street AND w.begins_at <= until ORDER BY w.begins_at DESC LIMIT 1) l,
           (SELECT * FROM warehouse.working_stretch w
             WHERE w.street_code = street AND w.begins_at <= since ORDER BY w.begins_at DESC LIMIT 1) f
     WHERE until < (SELECT w.ends_at FROM warehouse.working_stretch w
                     WHERE w.street_code = street ORDER BY w.begins_at DESC LIMIT 1)
);
COMMENT ON FUNCTION mart.worked_minutes(text, timestamptz, timestamptz) IS
    'The minutes of the office''s working time between two moments, with 调休, as the pack''s calendar counts them; NULL where the calendar does not reach. For years that the State Council has not announced, Monday to Friday are assumed. No personal data.';

CREATE FUNCTION mart.case_step_at(until timestamptz, known_at timestamptz)
RETURNS TABLE (street_code text, case_no text, step_no integer, level text, unit_code text, told_at timestamptz,
               acknowledged_at timestamptz, answered_at timestamptz, left_at timestamptz, how text,
               acknowledge_due_at timestamptz, solve_due_at timestamptz, is_acknowledged_in_time boolean,
               is_answered_in_time boolean, extensions integer, worked_minutes integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- What the first and the last event of a step say goes along with its number: '000007:escalated:not_solved'.
    WITH step AS (
        SELECT h.street_code, h.case_no, h.step_no,
               split_part(max(lpad(h.seq::text, 6, '0') || ':' || h.status), ':', 2) AS status,
               split_part(max(lpad(h.seq::text, 6, '0') || ':' || h.level), ':', 2) AS level,
               split_part(max(lpad(h.seq::text, 6, '0') || ':' || h.unit_code), ':', 2) AS unit_code,
               lead(min(lpad(h.seq::text, 6, '0') || ':' || h.kind || ':' || coalesce(h.data ->> 'why', ''))) OVER of_case AS next,
               lead(min(h.at)) OVER of_case AS next_at,
               coalesce(max(h.at) FILTER (WHERE h.kind = 'released'), min(h.at)) AS told_at,
               min(h.at) FILTER (WHERE h.kind IN ('acknowledged', 'answered', 'written')) AS acknowledged_at,
               max(h.at) FILTER (WHERE h.kind IN ('answered', 'refused')) AS answered_at,
               max(h.at) FILTER (WHERE h.kind IN ('source_closed', 'joined')) AS ended_at,
               (array_agg(h.acknowledge_due_at ORDER BY h.seq DESC) FILTER (WHERE h.acknowledge_due_at IS NOT NULL))[1]
                   AS acknowledge_due_at,
               (array_agg(h.solve_due_at ORDER BY h.seq DESC) FILTER (WHERE h.solve_due_at IS NOT NULL))[1] AS solve_due_at,
               (count(*) FILTER (WHERE h.kind = 'extended'))::int AS extensions,
               bool_or(h.kind = 'overdue' AND h.data ->> 'why' = 'not_acknowledged') AS is_late_sign,
               bool_or(h.kind = 'overdue' AND h.data ->> 'why' = 'not_solved') AS is_late_work
          FROM mart.case_event_at(case_step_at.until, case_step_at.known_at) h
         GROUP BY h.street_code, h.case_no, h.step_no
        WINDOW of_case AS (PARTITION BY h.street_code, h.case_no ORDER BY h.step_no)
    ), ended AS (
        SELECT s.*, split_part(s.next, ':', 2) = 'escalated' AND split_part(s.next, ':', 3) = 'not_acknowledged' AS is_sign_missed,
               split_part(s.next, ':', 2) = 'escalated' AND split_part(s.next, ':', 3) = 'not_solved' AS is_work_missed,
               coalesce(s.answered_at, s.next_at, s.ended_at) AS left_at,
               CASE WHEN split_part(s.next, ':', 2) IN ('unsolved', 'reopened', 'followed_up') THEN 'unsolved'
                    WHEN s.next IS NOT NULL THEN split_part(s.next, ':', 2)
                    WHEN s.status = 'closed' THEN 'solved'
                    WHEN s.status IN ('answered', 'refused', 'joined') THEN s.status END AS how
          FROM step s
    )
    SELECT e.street_code, e.case_no, e.step_no, e.level, e.unit_code, e.told_at, e.acknowledged_at, e.answered_at, e.left_at,
           e.how, e.acknowledge_due_at, e.solve_due_at,
           CASE WHEN e.acknowledged_at IS NOT NULL THEN e.acknowledged_at <= e.acknowledge_due_at
                WHEN e.is_late_sign OR e.is_sign_missed OR e.is_work_missed THEN false END,
           CASE WHEN e.answered_at IS NOT NULL THEN e.answered_at <= e.solve_due_at
                WHEN e.is_late_work OR e.is_work_missed THEN false END,
           e.extensions, mart.worked_minutes(e.street_code, e.told_at, e.left_at)
      FROM ended e;
END;
COMMENT ON FUNCTION mart.case_step_at(timestamptz, timestamptz) IS
    'What mart.case_step and mart.case_step_as_of are made of. No personal data.';

CREATE VIEW mart.case_step AS SELECT * FROM mart.case_step_at('infinity', 'infinity');
COMMENT ON VIEW mart.case_step IS
    'One line a step of a case: a level that was told, until it answered or the case went on, as known now. Not for courtyard_reader: a case is one household''s matter. No personal data.';
COMMENT ON COLUMN mart.case_step.step_no IS '1 for the level that received first; one more with each level.';
COMMENT ON COLUMN mart.case_step.told_at IS 'When the level was told; of a report held for review, when it was released.';
COMMENT ON COLUMN mart.case_step.left_at IS 'When the level answered the reporter, else when the case went on or ended; empty while the level has it.';
COMMENT ON COLUMN mart.case_step.how IS
    'How it left: solved (answered and closed), answered (the reporter has not said yet), unsolved (answered, but sent on by the reporter or the follow-up), escalated (by the clock), raised (上报), handed_back (退单), written (the street wrote to departments), refused, joined; empty: the level has it.';
COMMENT ON COLUMN mart.case_step.acknowledge_due_at IS 'The last that held in the step.';
COMMENT ON COLUMN mart.case_step.solve_due_at IS 'The last that held in the step: extended ones with their extension.';
COMMENT ON COLUMN mart.case_step.is_acknowledged_in_time IS 'Empty where it went on before the time was up.';
COMMENT ON COLUMN mart.case_step.is_answered_in_time IS 'Empty where it went on, handed back or raised, before the time was up.';
COMMENT ON COLUMN mart.case_step.worked_minutes IS 'Working time from told_at to left_at; empty while it runs, or where the calendar does not reach.';

CREATE FUNCTION mart.case_step_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart.case_step
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.case_step_at((mart.last_day(period) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', known_at);
END;
COMMENT ON FUNCTION mart.case_step_as_of(text, timestamptz) IS
    'mart.case_step as it stood at the end of a period''s last day. No personal data.';

CREATE FUNCTION mart.case_at(until timestamptz, known_at timestamptz)
RETURNS TABLE (street_code text, case_no text, direction text, parent_no text, source text, status text, level text,
               unit_code text, courtyard_code text, grid_code text, community_code text, category text, category_title text,
               ledger text, urgency text, emergency text, opened_at timestamptz, total_due_at timestamptz,
               acknowledge_due_at timestamptz, solve_due_at timestamptz, first_answered_at timestamptz,
               answered_at timestamptz, closed_at timestamptz, closed_by text, closed_level text, elapsed_hours numeric,
               first_answer_hours numeric, courtyard_minutes integer, community_minutes integer, street_minutes integer,
               department_minutes integer, reports integer, channels text[], escalations integer, handed_back integer,
               reopened integer, is_supervised boolean, is_answered_in_level_time boolean, is_answered_in_time boolean,
               is_overdue boolean, satisfaction text, answers_unit text, answers_post text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- What the first answer, the end and the last follow-up say goes along with the event's number: '000007:true'.
    WITH told AS (
        SELECT h.street_code, h.case_no, max(h.seq) AS last_seq,
               coalesce((min(h.data ->> 'opened_at') FILTER (WHERE h.seq = 1))::timestamptz, min(h.at)) AS opened_at,
               min(h.at) FILTER (WHERE h.kind IN ('answered', 'refused', 'source_closed')) AS first_answered_at,
               max(h.at) FILTER (WHERE h.kind IN ('answered', 'refused', 'source_closed')) AS answered_at,
               split_part(min(lpad(h.seq::text, 6, '0') || ':'
                              || coalesce(h.at <= coalesce(h.solve_due_at, h.acknowledge_due_at), false)::text)
                          FILTER (WHERE h.kind IN ('answered', 'refused', 'source_closed')), ':', 2) AS in_level_time,
               split_part(min(lpad(h.seq::text, 6, '0') || ':' || (h.at <= h.total_due_at)::text)
                          FILTER (WHERE h.kind IN ('answered', 'refused', 'source_closed')), ':', 2) AS in_time,
               max(h.at) FILTER (WHERE h.kind IN ('confirmed', 'lapsed', 'source_closed', 'refused', 'joined')) AS ended_at,
               split_part(max(lpad(h.seq::text, 6, '0') || ':' || h.kind)
                          FILTER (WHERE h.kind IN ('confirmed', 'lapsed', 'source_closed')), ':', 2) AS closed_by,
               split_part(max(lpad(h.seq::text, 6, '0') || ':' || coalesce(h.data ->> 'satisfaction', ''))
                          FILTER (WHERE h.kind = 'followed_up'), ':', 2) AS satisfaction,
               (count(*) FILTER (WHERE h.kind = 'escalated'))::int AS escalations,
               (count(*) FILTER (WHERE h.kind = 'handed_back'))::int AS handed_back,
               (count(*) FILTER (WHERE h.kind IN ('unsolved', 'reopened')
                                    OR (h.kind = 'followed_up' AND h.data ->> 'solved' = 'false')))::int AS reopened,
               bool_or(h.kind IN ('supervised', 'overdue')) AS is_supervised,
               bool_or(h.kind = 'overdue' AND h.data ->> 'why' = 'total') AS is_overdue
          FROM mart.case_event_at(case_at.until, case_at.known_at) h
         GROUP BY h.street_code, h.case_no
    ), reported AS (
        SELECT r.street_code, r.case_no, count(*)::int AS reports, array_agg(DISTINCT r.channel ORDER BY r.channel) AS channels,
               min(r.dataset) FILTER (WHERE r.how = 'opened') AS source
          FROM cases.report r
         WHERE r.reported_at < case_at.until AND r.reported_at <= case_at.known_at
         GROUP BY r.street_code, r.case_no
    ), worked AS (
        SELECT s.street_code, s.case_no,
               (sum(s.worked_minutes) FILTER (WHERE s.level = 'courtyard'))::int AS courtyard_minutes,
               (sum(s.worked_minutes) FILTER (WHERE s.level = 'community'))::int AS community_minutes,
               (sum(s.worked_minutes) FILTER (WHERE s.level = 'street'))::int AS street_minutes,
               (sum(s.worked_minutes) FILTER (WHERE s.level = 'department'))::int AS department_minutes
          FROM mart.case_step_at(case_at.until, case_at.known_at) s
         GROUP BY s.street_code, s.case_no
    )
    SELECT t.street_code, t.case_no, c.direction, c.parent_no, r.source, l.status, l.level, l.unit_code, l.courtyard_code,
           CASE WHEN y.courtyard_code IS NOT NULL THEN y.grid_code WHEN u.kind = 'grid' THEN u.code END,
           CASE WHEN y.courtyard_code IS NOT NULL THEN y.community_code
                WHEN u.kind = 'grid' THEN u.parent_code WHEN u.kind = 'community' THEN u.code END,
           l.category, coalesce(k.title, l.category), k.ledger, l.urgency, c.emergency, t.opened_at, l.total_due_at,
           CASE WHEN l.status IN ('held', 'waiting') THEN l.acknowledge_due_at END,
           CASE WHEN l.status IN ('waiting', 'handling') THEN l.solve_due_at END, t.first_answered_at, t.answered_at,
           CASE WHEN l.status IN ('closed', 'refused', 'joined') THEN t.ended_at END,
           CASE WHEN l.status = 'closed' THEN replace(t.closed_by, 'source_closed', 'source') END,
           CASE WHEN l.status = 'closed' THEN l.level END,
           CASE WHEN l.status IN ('closed', 'refused', 'joined')
                THEN round((extract(epoch FROM t.ended_at - t.opened_at) / 3600)::numeric, 2) END,
           round((extract(epoch FROM t.first_answered_at - t.opened_at) / 3600)::numeric, 2),
           w.courtyard_minutes, w.community_minutes, w.street_minutes, w.department_minutes, coalesce(r.reports, 0),
           coalesce(r.channels, '{}'), t.escalations, t.handed_back, t.reopened, t.is_supervised,
           CASE WHEN t.first_answered_at IS NOT NULL THEN t.in_level_time = 'true'
                WHEN t.escalations > 0 OR t.is_overdue THEN false END,
           CASE WHEN t.first_answered_at IS NOT NULL THEN t.in_time = 'true' WHEN t.is_overdue THEN false END,
           t.is_overdue, nullif(t.satisfaction, ''), p.answers_unit, p.answers_post
      FROM told t
      JOIN cases."case" c ON c.street_code = t.street_code AND c.case_no = t.case_no
      -- by its key, whatever the planner thinks of how many there are
     CROSS JOIN LATERAL (SELECT e.* FROM cases.event e
                          WHERE e.street_code = t.street_code AND e.case_no = t.case_no AND e.seq = t.last_seq LIMIT 1) l
      LEFT JOIN reported r ON r.street_code = t.street_code AND r.case_no = t.case_no
      LEFT JOIN worked w ON w.street_code = t.street_code AND w.case_no = t.case_no
      LEFT JOIN warehouse.courtyard y ON y.courtyard_code = l.courtyard_code
      LEFT JOIN LATERAL (SELECT n.code, n.kind, n.parent_code FROM warehouse.unit n
                          WHERE n.code = l.unit_code ORDER BY n.valid_from DESC LIMIT 1) u ON true
      LEFT JOIN warehouse.case_category k ON k.street_code = t.street_code AND k.category = l.category
      LEFT JOIN warehouse.answering p
        ON l.status IN ('held', 'waiting', 'handling', 'answered') AND p.unit_code = l.unit_code
       AND p.valid_from <= (least(case_at.until, case_at.known_at, now()) AT TIME ZONE 'Asia/Shanghai')::date
       AND p.valid_to > (least(case_at.until, case_at.known_at, now()) AT TIME ZONE 'Asia/Shanghai')::date;
END;
COMMENT ON FUNCTION mart.case_at(timestamptz, timestamptz) IS 'What mart.case and mart.case_as_of are made of. No personal data.';

CREATE VIEW mart."case" AS SELECT * FROM mart.case_at('infinity', 'infinity');
COMMENT ON VIEW mart."case" IS
    'One line a case, as known now: where it stands, both clocks, what was used of them, how it was answered. Nothing of what people wrote. Not for courtyard_reader: a case is one household''s matter. No personal data.';
COMMENT ON COLUMN mart."case".direction IS 'up: reported from below; down: a task from a department.';
COMMENT ON COLUMN mart."case".parent_no IS 'Of a task handed down: the task above it; of a repeated case: the case of its root cause. As it is now.';
COMMENT ON COLUMN mart."case".source IS 'The dataset of the report that opened it: resident_reports or hotline_cases; empty: opened by a post.';
COMMENT ON COLUMN mart."case".ledger IS 'hazard or dispute, by the category.';
COMMENT ON COLUMN mart."case".opened_at IS 'The first minute: the uninterrupted clock starts here.';
COMMENT ON COLUMN mart."case".total_due_at IS 'When the uninterrupted clock has run out.';
COMMENT ON COLUMN mart."case".acknowledge_due_at IS 'Of the level that has it, until it acknowledges.';
COMMENT ON COLUMN mart."case".solve_due_at IS 'Of the level that has it, until it answers; empty once it was spent at the last rung.';
COMMENT ON COLUMN mart."case".first_answered_at IS 'The first answer, refusal with its reason, or closing by the system it came from.';
COMMENT ON COLUMN mart."case".closed_at IS 'Empty while it is open, also once it is open again.';
COMMENT ON COLUMN mart."case".closed_by IS 'confirmed by the reporter, lapsed without objection, or source.';
COMMENT ON COLUMN mart."case".closed_level IS 'The level that had it when it was closed: who solved it.';
COMMENT ON COLUMN mart."case".elapsed_hours IS 'From the first minute to the end, day and night; empty while it is open.';
COMMENT ON COLUMN mart."case".first_answer_hours IS 'From the first minute to the first answer, day and night.';
COMMENT ON COLUMN mart."case".courtyard_minutes IS 'Working minutes that the level used, over its steps that it left; so of the next three.';
COMMENT ON COLUMN mart."case".reports IS 'How many reports it answers; more than one: repeats.';
COMMENT ON COLUMN mart."case".escalations IS 'How often the clock sent it up.';
COMMENT ON COLUMN mart."case".reopened IS 'How often the reporter or the follow-up sent it on: 仍未解决.';
COMMENT ON COLUMN mart."case".is_answered_in_level_time IS 'Whether the level that answered first did so within its own time; false too once the clock sent it up and nobody has answered; empty while neither.';
COMMENT ON COLUMN mart."case".is_answered_in_time IS 'Whether the first answer came before the uninterrupted clock ran out; empty while it runs.';
COMMENT ON COLUMN mart."case".is_overdue IS 'The uninterrupted clock ran out before an answer.';
COMMENT ON COLUMN mart."case".satisfaction IS 'satisfied, neutral or dissatisfied, from the last follow-up.';
COMMENT ON COLUMN mart."case".answers_post IS 'The post that answers for the unit that has it today, in Shanghai (of as_of functions: then); empty once closed.';

CREATE FUNCTION mart.case_as_of(period text, known_at timestamptz DEFAULT 'infinity') RETURNS SETOF mart."case"
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM mart.case_at((mart.last_day(period) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', known_at);
END;
COMMENT ON FUNCTION mart.case_as_of(text, timestamptz) IS
    'mart.case as it stood at the end of a period''s last day: what happened afterwards changes nothing. No personal data.';

CREATE FUNCTION mart.case_indicator_at(until timestamptz, known_at timestamptz)
RETURNS TABLE (street_code text, level text, unit_code text, unit_name text, grain text, period text, received integer,
               reports integer, repeats integer, answered integer, answered_in_time integer,
               answered_in_level_time integer, overdue integer, open integer, solved integer, solved_courtyard integer,
               solved_community integer, solved_street integer, solved_department integer, refused integer,
               escalated integer, handed_back integer, reopened integer, median_answer_hours numeric,
               mean_answer_hours numeric, rated integer, satisfied integer, neutral integer, dissatisfied integer,
               satisfaction_rate numeric, is_rating_small boolean)
LANGUAGE sql STABLE SET work_mem = '64MB'
BEGIN ATOMIC
    -- Counted once by month and courtyard, then added up; only a median needs every case again.
    WITH taken AS (
        SELECT c.street_code, c.community_code, c.grid_code, c.courtyard_code, c.status, c.closed_level, c.reports,
               c.first_answered_at IS NOT NULL AS is_answered, c.first_answer_hours AS hours, c.is_answered_in_time,
               c.is_answered_in_level_time, c.is_overdue, c.escalations, c.handed_back, c.reopened, c.satisfaction,
               date_trunc('month', c.opened_at AT TIME ZONE 'Asia/Shanghai')::date AS month
          FROM mart.case_at(case_indicator_at.until, case_indicator_at.known_at) c
         WHERE c.direction = 'up' AND c.status NOT IN ('held', 'joined') AND c.reports > 0
    ), cell AS (
        SELECT t.street_code, t.community_code, t.grid_code, t.courtyard_code, t.month, count(*) AS received,
               sum(t.reports) AS reports, sum(greatest(t.reports - 1, 0)) AS repeats,
               count(*) FILTER (WHERE t.is_answered) AS answered,
               count(*) FILTER (WHERE t.is_answered_in_time) AS in_time,
               count(*) FILTER (WHERE t.is_answered_in_level_time) AS in_level_time,
               count(*) FILTER (WHERE t.is_overdue) AS overdue,
               count(*) FILTER (WHERE t.status IN ('waiting', 'handling', 'answered')) AS open,
               count(t.closed_level) AS solved, count(*) FILTER (WHERE t.closed_level = 'courtyard') AS by_courtyard,
               count(*) FILTER (WHERE t.closed_level = 'community') AS by_community,
               count(*) FILTER (WHERE t.closed_level = 'street') AS by_street,
               count(*) FILTER (WHERE t.closed_level = 'department') AS by_department,
               count(*) FILTER (WHERE t.status = 'refused') AS refused,
               count(*) FILTER (WHERE t.escalations > 0) AS escalated,
               count(*) FILTER (WHERE t.handed_back > 0) AS handed_back,
               count(*) FILTER (WHERE t.reopened > 0) AS reopened, sum(t.hours) AS hours,
               count(t.satisfaction) AS rated, count(*) FILTER (WHERE t.satisfaction = 'satisfied') AS satisfied,
               count(*) FILTER (WHERE t.satisfaction = 'neutral') AS neutral,
               count(*) FILTER (WHERE t.satisfaction = 'dissatisfied') AS dissatisfied
          FROM taken t
         GROUP BY t.street_code, t.community_code, t.grid_code, t.courtyard_code, t.month
    ), middle AS (
        SELECT t.street_code, p.unit, d.first_day, d.is_quarter, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.hours::float8) AS hours
          FROM taken t
         CROSS JOIN LATERAL (VALUES (t.street_code COLLATE "C"), (t.community_code), (t.grid_code), (t.courtyard_code)) AS p(unit)
         CROSS JOIN LATERAL (VALUES (t.month, false), (date_trunc('quarter', t.month)::date, true)) AS d(first_day, is_quarter)
         WHERE t.hours IS NOT NULL AND p.unit IS NOT NULL
         GROUP BY t.street_code, p.unit, d.first_day, d.is_quarter
    ), counted AS (
        SELECT c.street_code, p.level AS unit_level, p.unit, min(p.parent) AS parent, d.first_day, d.is_quarter,
               sum(c.received) AS received, sum(c.reports) AS reports, sum(c.repeats) AS repeats, sum(c.answered) AS answered,
               sum(c.in_time) AS in_time, sum(c.in_level_time) AS in_level_time, sum(c.overdue) AS overdue,
               sum(c.open) AS open, sum(c.solved) AS solved, sum(c.by_courtyard) AS by_courtyard,
               sum(c.by_community) AS by_community, sum(c.by_street) AS by_street, sum(c.by_department) AS by_department,
               sum(c.refused) AS refused, sum(c.escalated) AS escalated, sum(c.handed_back) AS handed_back,
               sum(c.reopened) AS reopened, sum(c.hours) / nullif(sum(c.answered), 0) AS mean_hours,
               -- by quarter only: months would tell what their quarter leaves out
               CASE WHEN d.is_quarter THEN sum(c.rated) END AS rated,
               CASE WHEN d.is_quarter THEN sum(c.satisfied) END AS satisfied,
               CASE WHEN d.is_quarter THEN sum(c.neutral) END AS neutral,
               CASE WHEN d.is_quarter THEN sum(c.dissatisfied) END AS dissatisfied
          FROM cell c
         CROSS JOIN LATERAL (VALUES ('street', c.street_code, NULL), ('community', c.community_code, c.street_code),
                                    ('grid', c.grid_code, c.community_code), ('courtyard', c.courtyard_code, c.grid_code))
               AS p(level, unit, parent)
         CROSS JOIN LATERAL (VALUES (c.month, false), (date_trunc('quarter', c.month)::date, true)) AS d(first_day, is_quarter)
         WHERE p.unit IS NOT NULL
         GROUP BY c.street_code, p.level, p.unit, d.first_day, d.is_quarter
    ), ranked AS (
        -- Among the units below one: the least first, of those in which anybody was asked.
        SELECT c.*, o.small_count,
               bool_or(c.rated BETWEEN 1 AND o.small_count - 1) OVER g AS has_small,
               row_number() OVER (g ORDER BY c.rated, c.unit) AS place,
               sum(c.rated) OVER (g ORDER BY c.rated, c.unit) - c.rated AS before
          FROM counted c
          LEFT JOIN warehouse.office o ON o.street_code = c.street_code
        WINDOW g AS (PARTITION BY c.street_code, c.unit_level, c.parent, c.first_day, c.is_quarter, c.rated > 0)
    ), marked AS (
        -- A small count, and as many others beside it that it cannot be told from what is left of their sum.
        SELECT r.*, coalesce(r.rated > 0 AND (r.unit_level = 'courtyard' OR r.rated < r.small_count
                             OR (r.has_small AND r.before - (r.place - 2) < r.small_count)), false) AS is_small
          FROM ranked r
    ), named AS (
        SELECT DISTINCT ON (u.code) u.code, u.name FROM warehouse.unit u ORDER BY u.code, u.valid_from DESC
    )
    SELECT m.street_code, m.unit_level, m.unit, coalesce(y.name, n.name),
           CASE WHEN m.is_quarter THEN 'quarter' ELSE 'month' END,
           to_char(m.first_day, CASE WHEN m.is_quarter THEN 'YYYY"Q"Q' ELSE 'YYYY-MM' END), m.received::int,
           m.reports::int, m.repeats::int, m.answered::int, m.in_time::int, m.in_level_time::int, m.overdue::int,
           m.open::int, m.solved::int, m.by_courtyard::int, m.by_community::int, m.by_street::int, m.by_department::int,
           m.refused::int, m.escalated::int, m.handed_back::int, m.reopened::int, round(q.hours::numeric, 1),
           round(m.mean_hours, 1), m.rated::int, m.satisfied::int, m.neutral::int, m.dissatisfied::int,
           round(100.0 * m.satisfied / nullif(m.satisfied + m.dissatisfied, 0), 1),
           m.is_small OR coalesce(above.is_small, false)
      FROM marked m
      LEFT JOIN middle q
        ON q.street_code = m.street_code AND q.unit = m.unit AND q.first_day = m.first_day AND q.is_quarter = m.is_quarter
      LEFT JOIN marked above
        ON above.street_code = m.street_code AND above.unit_level = 'community' AND m.unit_level = 'grid'
       AND above.unit = m.parent AND above.first_day = m.first_day AND above.is_quarter = m.is_quarter AND m.rated > 0
      LEFT JOIN warehouse.courtyard y ON y.courtyard_code = m.unit
      LEFT JOIN named n ON n.code = m.unit;
END;
COMMENT ON FUNCTION mart.case_indicator_at(timestamptz, timestamptz) IS
    'What mart.case_indicator and mart.case_indicator_as_of are made of. No personal data.';

CREATE VIEW mart.case_indicator AS SELECT * FROM mart.case_indicator_at('infinity', 'infinity');
COMMENT ON VIEW mart.case_indicator IS
    'Figures of the cases received in each month and quarter, of the street, its communities, grids and courtyards, with the outcome known now. Tasks from departments are not counted, nor what nobody reported (root causes), is held as suspicious, or was joined into another case. Exact, for those who work on the cases, and not for courtyard_reader. Whoever shows it to others leaves out the rating where is_rating_small: residents who answered could be told apart. That mark is a precaution, not a proof; what is published goes through a form''s view of counts (docs/disclosure.md). No personal data.';
COMMENT ON COLUMN mart.case_indicator.level IS 'street, community, grid or courtyard; a case whose courtyard nobody knows counts where its unit lies.';
COMMENT ON COLUMN mart.case_indicator.grain IS 'month or quarter.';
COMMENT ON COLUMN mart.case_indicator.received IS '受理: cases whose first minute lies in the period. received = open + solved + refused.';
COMMENT ON COLUMN mart.case_indicator.reports IS 'Reports that these cases answer.';
COMMENT ON COLUMN mart.case_indicator.repeats IS '重复反映: reports of a case beyond its first.';
COMMENT ON COLUMN mart.case_indicator.answered IS '已答复: with at least one answer, refusal with reason, or closing by the system it came from.';
COMMENT ON COLUMN mart.case_indicator.answered_in_time IS '按期答复: the first answer came before the uninterrupted clock ran out.';
COMMENT ON COLUMN mart.case_indicator.answered_in_level_time IS '本级按期答复: the level that answered first did so within its own time.';
COMMENT ON COLUMN mart.case_indicator.overdue IS '逾期: the uninterrupted clock ran out before an answer.';
COMMENT ON COLUMN mart.case_indicator.open IS '在办: waiting, being handled, or answered and not yet confirmed.';
COMMENT ON COLUMN mart.case_indicator.solved IS '办结, by the level that had it then: 院落, 社区, 街道, 部门.';
COMMENT ON COLUMN mart.case_indicator.escalated IS '逾期升级: the clock sent it up at least once.';
COMMENT ON COLUMN mart.case_indicator.reopened IS '重新办理: the reporter or the follow-up sent it on at least once.';
COMMENT ON COLUMN mart.case_indicator.median_answer_hours IS 'From the first minute to the first answer, day and night, of those answered.';
COMMENT ON COLUMN mart.case_indicator.rated IS 'Cases whose last follow-up told how satisfied the reporter is; by quarter only, so that months do not tell what a quarter leaves out.';
COMMENT ON COLUMN mart.case_indicator.satisfaction_rate IS '满意÷(满意+不满意)×100.';
COMMENT ON COLUMN mart.case_indicator.is_rating_small IS 'Fewer than small_count (district.yaml) were rated, or it would tell such a number of a neighbour; of courtyards always.';

CREATE FUNCTION mart.case_indicator_as_of(period text, known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF mart.case_indicator
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.*
      FROM mart.case_indicator_at((mart.last_day(period) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', known_at) i
     WHERE i.period = case_indicator_as_of.period;
END;
COMMENT ON FUNCTION mart.case_indicator_as_of(text, timestamptz) IS
    'The figures of a month or quarter with the outcome at the end of its last day. No personal data.';

CREATE FUNCTION mart.case_in_ledger(ledger text, period text, known_at timestamptz)
RETURNS TABLE (street_code text, case_no text, courtyard_code text, community_code text, opened_at timestamptz,
               found_on date, kind text, place text, description text, measures text, status text,
               responsible_unit text, due_on date, completed_on date, closed_on date, closed_by text,
               same_record text, may_be_same integer, sources jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH span AS (
        SELECT lower(mart.period_days(case_in_ledger.period)) AS first_day,
               upper(mart.period_days(case_in_ledger.period)) AS end_day,
               upper(mart.period_days(case_in_ledger.period))::timestamp AT TIME ZONE 'Asia/Shanghai' AS until
    ), found AS (
        SELECT c.street_code, c.case_no, c.courtyard_code, c.community_code, c.opened_at, c.status, c.level, c.unit_code,
               c.total_due_at, c.answered_at, c.closed_by, k.ledger_kind, k.same_within_days, s.first_day, s.end_day, s.until,
               (c.opened_at AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
               CASE WHEN c.status = 'closed' THEN (c.closed_at AT TIME ZONE 'Asia/Shanghai')::date END AS closed_on,
               r.attrs
          FROM span s, LATERAL mart.case_at(s.until, case_in_ledger.known_at) c
          JOIN warehouse.case_category k USING (street_code, category)
          -- The first report, as it was first written. What its source had closed bears the source's times: such a case
          -- was not known before its report was.
          JOIN cases.report o ON o.street_code = c.street_code AND o.case_no = c.case_no AND o.how = 'opened'
          JOIN LATERAL (SELECT n.attrs  -- with a LIMIT of its own, so that it is looked up by its key
                          FROM mart.record_known(case_in_ledger.known_at) n
                         WHERE n.street_code = o.street_code AND n.dataset = o.dataset AND n.record_key = o.record_key
                         ORDER BY n.valid_from LIMIT 1) r ON true
         WHERE k.ledger = case_in_ledger.ledger AND c.direction = 'up' AND c.source = 'resident_reports'
           AND c.status NOT IN ('held', 'joined', 'refused')
    ), listed AS (
        SELECT f.* FROM found f WHERE f.found_on >= f.first_day OR f.closed_on IS NULL OR f.closed_on >= f.first_day
    ), told AS (
        -- What a department lists: not over before the case was found, nor before the period.
        SELECT r.street_code, r.record_key, r.courtyard_code, r.attrs ->> 'kind' AS kind,
               ((r.attrs ->> 'found_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
               CASE WHEN r.dataset = 'hazards' AND (r.attrs ->> 'is_closed')::boolean
                    THEN coalesce(left(r.attrs ->> 'completed_on', 10)::date, '-infinity')
                    WHEN r.dataset = 'disputes' AND r.attrs ->> 'status' IN ('settled', 'transferred')
                    THEN coalesce(left(r.attrs ->> 'settled_on', 10)::date, '-infinity')
                    ELSE 'infinity' END AS over_on
          FROM span s, mart.record_known(case_in_ledger.known_at) r
         WHERE r.dataset = CASE case_in_ledger.ledger WHEN 'hazard' THEN 'hazards' ELSE 'disputes' END AND r.is_active
           AND r.valid_from < s.end_day AND r.valid_to >= s.end_day
    ), pair AS (
        SELECT l.street_code, l.case_no, t.record_key, count(*) OVER (PARTITION BY l.street_code, l.case_no) AS records,
               count(*) OVER (PARTITION BY t.street_code, t.record_key) AS cases
          FROM found l
          JOIN told t
            ON t.street_code = l.street_code AND t.courtyard_code = l.courtyard_code AND t.kind = l.ledger_kind
           AND t.kind <> 'other' AND abs(t.found_on - l.found_on) <= l.same_within_days
           AND t.over_on >= greatest(l.found_on, l.first_day)
    ), same AS MATERIALIZED (
        SELECT p.street_code, p.case_no, min(p.record_key) FILTER (WHERE p.records = 1 AND p.cases = 1) AS record_key,
               count(*)::int AS candidates
          FROM pair p
         GROUP BY p.street_code, p.case_no
    )
    SELECT l.street_code, l.case_no, l.courtyard_code, l.community_code, l.opened_at, l.found_on, l.ledger_kind,
           coalesce(l.attrs ->> 'address', y.name), l.attrs ->> 'description', w.measures, l.status,
           CASE WHEN l.level = 'department' THEN w.departments ELSE u.name END,
           (coalesce(w.solve_due_at, l.total_due_at) AT TIME ZONE 'Asia/Shanghai')::date,
           CASE WHEN l.status IN ('answered', 'closed') THEN (l.answered_at AT TIME ZONE 'Asia/Shanghai')::date END,
           l.closed_on, l.closed_by, x.record_key, coalesce(x.candidates, 0), coalesce(t.sources, '[]')
      FROM listed l
      LEFT JOIN same x ON x.street_code = l.street_code AND x.case_no = l.case_no
      -- The rest is looked up case by case, by keys.
     CROSS JOIN LATERAL (
          SELECT string_agg(e.data ->> 'text', '；' ORDER BY e.seq) FILTER (WHERE e.kind IN ('measured', 'answered')) AS measures,
                 string_agg(DISTINCT coalesce(d.label, e.data ->> 'department'), '、') FILTER (WHERE e.kind = 'written')
                     AS departments,
                 (array_agg(e.solve_due_at ORDER BY e.seq DESC))[1] AS solve_due_at
            FROM mart.case_event_at(l.until, case_in_ledger.known_at) e
            LEFT JOIN warehouse.code d ON d.street_code = l.street_code AND d.list = 'case_department' AND d.code = e.data ->> 'department'
           WHERE e.street_code = l.street_code AND e.case_no = l.case_no) w
     CROSS JOIN LATERAL (
          SELECT jsonb_agg(DISTINCT jsonb_build_object('delivery_id', r.delivery_id, 'sheet', r.sheet, 'row_no', r.row_no))
                     AS sources
            FROM (SELECT o.dataset, o.record_key
                    FROM cases.report o
                   WHERE o.street_code = l.street_code AND o.case_no = l.case_no AND o.reported_at < l.until
                  UNION ALL
                  SELECT 'case_actions', substr(e.cause, 8)
                    FROM mart.case_event_at(l.until, case_in_ledger.known_at) e
                   WHERE e.street_code = l.street_code AND e.case_no = l.case_no AND e.cause LIKE 'action/%') b
            JOIN LATERAL (SELECT k.delivery_id, k.sheet, k.row_no
                            FROM mart.record_known(case_in_ledger.known_at) k
                           WHERE k.street_code = l.street_code AND k.dataset = b.dataset AND k.record_key = b.record_key
                           ORDER BY k.valid_from LIMIT 1) r ON true) t
      LEFT JOIN LATERAL (SELECT n.name FROM warehouse.unit n
                          WHERE n.code = l.unit_code ORDER BY n.valid_from DESC LIMIT 1) u ON true
      LEFT JOIN warehouse.courtyard y ON y.courtyard_code = l.courtyard_code;
END;
COMMENT ON FUNCTION mart.case_in_ledger(text, text, timestamptz) IS
    'The cases that residents'' own reports opened and that belong to the hazard or dispute ledger of a period: found in it, or not closed when it began, as they stood at its end. same_record is the entry of the department''s ledger that is the same thing (same courtyard and kind, not other, found within same_within_days, not over before; and each fits only the other); may_be_same counts the entries that would fit, so that more than one without same_record is for a person. sources are the landed rows of the reports and of what posts did. Personal data: place, description, measures.';

CREATE FUNCTION mart.case_ledger_learned(street text, ledger text, period text) RETURNS timestamptz
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH span AS (
        SELECT (mart.last_day(case_ledger_learned.period) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS until
    ), of_ledger AS (
        SELECT DISTINCT e.case_no
          FROM cases.event e
          JOIN warehouse.case_category k USING (street_code, category)
         WHERE e.street_code = street AND k.ledger = case_ledger_learned.ledger
    )
    SELECT greatest(
        (SELECT max(e.at) FROM span s, LATERAL mart.case_event_at(s.until, 'infinity') e
          WHERE e.street_code = street AND e.case_no IN (SELECT case_no FROM of_ledger)),
        -- a case that its source had closed bears the source's times, but was known with its report only
        (SELECT max(r.recorded_at)
           FROM span s, cases.report o
           JOIN LATERAL (SELECT k.recorded_at FROM warehouse.record k
                          WHERE k.street_code = o.street_code AND k.dataset = o.dataset AND k.record_key = o.record_key
                          ORDER BY k.recorded_at LIMIT 1) r ON true
          WHERE o.street_code = street AND o.how = 'opened' AND o.reported_at < s.until
            AND o.case_no IN (SELECT case_no FROM of_ledger)));
END;
COMMENT ON FUNCTION mart.case_ledger_learned(text, text, text) IS
    'When the last event of a hazard or dispute case, or the report that opened it, was known that counts for a period; what happened after the period counts for none. No personal data.';
