-- What is open, and which post it stands with.

CREATE VIEW mart.open_matter AS
WITH event AS (
    SELECT DISTINCT ON (r.street_code, r.dataset, r.record_key)
           r.street_code, r.dataset, r.record_key, r.attrs, r.courtyard_code
      FROM warehouse.record r
     WHERE r.is_current AND r.dataset IN ('hazards', 'disputes', 'hotline_cases', 'resident_reports')
     ORDER BY r.street_code, r.dataset, r.record_key, r.valid_from DESC
), told AS (
    SELECT e.*, CASE e.dataset
                WHEN 'hazards' THEN (e.attrs ->> 'is_closed') IS DISTINCT FROM 'true'
                WHEN 'disputes' THEN e.attrs ->> 'status' IN ('open', 'mediating', 'failed')
                WHEN 'hotline_cases' THEN e.attrs ->> 'status' NOT IN ('resolved', 'returned')
                WHEN 'resident_reports' THEN e.attrs ->> 'status' = 'open'
                END AS is_open,
           coalesce(e.attrs ->> 'found_at', e.attrs ->> 'created_at', e.attrs ->> 'requested_at') AS since,
           coalesce(e.attrs ->> 'due_on', e.attrs ->> 'due_at') AS due,
           coalesce(e.attrs ->> 'title', e.attrs ->> 'description', e.attrs ->> 'summary') AS title
      FROM event e
), newest AS (
    -- What the newest quarter no longer says is settled.
    SELECT street_code, max(period) AS period FROM mart.discrepancy GROUP BY street_code
), item AS (
    SELECT t.street_code, t.dataset AS matter, t.record_key AS item, t.title, NULL::text AS person_id, t.courtyard_code,
           NULL::text AS unit_code, (t.since::timestamptz AT TIME ZONE 'Asia/Shanghai')::date AS since,
           CASE WHEN length(t.due) >= 10 THEN (t.due::timestamptz AT TIME ZONE 'Asia/Shanghai')::date END AS due_on
      FROM told t
     WHERE t.is_open
    UNION ALL
    -- A department settles what only it can; until then it stands with who looks after the courtyard.
    SELECT d.street_code, 'discrepancy', d.discrepancy_id, coalesce(d.attribute, d.kind), d.person_id, home.courtyard_code,
           CASE WHEN d.owner_kind = 'grid' THEN d.owner END, (d.recorded_at AT TIME ZONE 'Asia/Shanghai')::date, d.due_on
      FROM mart.discrepancy d
      JOIN newest USING (street_code, period)
      LEFT JOIN LATERAL (SELECT r.courtyard_code
                           FROM warehouse.record r
                          WHERE r.is_current AND r.person_id = d.person_id AND r.courtyard_code IS NOT NULL
                          ORDER BY r.is_active DESC, r.valid_from DESC, r.dataset, r.record_key LIMIT 1) home ON true
     WHERE d.status = 'open'
    UNION ALL
    SELECT v.street_code, 'same_person', md5(concat_ws('|', v.left_dataset, v.left_record, v.right_dataset, v.right_record)),
           v.reason, v.left_person, home.courtyard_code, NULL,
           (d.received_at AT TIME ZONE 'Asia/Shanghai')::date, NULL
      FROM identity.review v
      LEFT JOIN landing.delivery d ON d.delivery_id = v.opened_by
      LEFT JOIN LATERAL (SELECT r.courtyard_code
                           FROM warehouse.record r
                          WHERE r.is_current AND r.person_id = v.left_person AND r.courtyard_code IS NOT NULL
                          ORDER BY r.is_active DESC, r.valid_from DESC, r.dataset, r.record_key LIMIT 1) home ON true
     WHERE v.status = 'open'
    UNION ALL
    SELECT s.street_code, 'submission', s.period || '/' || s.unit_code,
           string_agg(s.dataset_title, '、' ORDER BY s.dataset), NULL, NULL, s.unit_code, min(s.due_on), min(s.due_on)
      FROM mart.submission_status s
     WHERE s.status IN ('missing', 'rejected')
     GROUP BY s.street_code, s.period, s.unit_code
)
SELECT i.street_code, i.matter, i.item, i.title, i.person_id, i.courtyard_code,
       coalesce(i.unit_code, c.grid_code, i.street_code) AS unit_code, i.since, i.due_on
  FROM item i
  LEFT JOIN warehouse.courtyard c USING (courtyard_code);
COMMENT ON VIEW mart.open_matter IS
    'Everything that is open as believed now: discrepancies and possible duplicates not settled, hazards not closed out, disputes not resolved, 12345 orders and residents'' reports not closed, sheets not handed in. unit_code is the grid it belongs to, the street where no courtyard is known. Titles are free text: not for courtyard_reader. Personal data: title.';

CREATE FUNCTION mart.open_item_on(on_day date)
RETURNS TABLE (street_code text, matter text, item text, title text, person_id text, courtyard_code text, unit_code text,
               since date, due_on date, answers_unit text, answers_post text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT m.street_code, m.matter, m.item, m.title, m.person_id, m.courtyard_code, m.unit_code, m.since, m.due_on,
           a.answers_unit, a.answers_post
      FROM mart.open_matter m
      LEFT JOIN warehouse.answering a
        ON a.unit_code = m.unit_code AND a.valid_from <= on_day AND a.valid_to > on_day;
END;
COMMENT ON FUNCTION mart.open_item_on(date) IS
    'mart.open_matter with the post that answers for it on a day: the first of the unit''s posts that is held, else the unit above (warehouse.answering). Never a vacant post. Personal data: title.';

CREATE VIEW mart.open_item AS
SELECT * FROM mart.open_item_on((now() AT TIME ZONE 'Asia/Shanghai')::date);
COMMENT ON VIEW mart.open_item IS 'mart.open_item_on today, in Shanghai: everything open and the post it stands with now. Personal data: title.';

REVOKE ALL ON FUNCTION mart.open_item_on(date) FROM PUBLIC;
