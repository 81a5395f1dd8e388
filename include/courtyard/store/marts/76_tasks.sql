-- Tasks that departments give the street: where each one lands, and the burden they make.

CREATE VIEW mart.task_landing AS
WITH RECURSIVE part AS (
    SELECT t.street_code, t.case_no AS root_no, t.case_no, 0 AS depth, t.courtyards
      FROM cases.task t
      JOIN cases.case c USING (street_code, case_no)
     WHERE c.parent_no IS NULL
    UNION ALL
    SELECT p.street_code, p.root_no, c.case_no, p.depth + 1, t.courtyards
      FROM part p
      JOIN cases.case c ON c.street_code = p.street_code AND c.parent_no = p.case_no AND c.status <> 'refused'
      JOIN cases.task t ON t.street_code = c.street_code AND t.case_no = c.case_no
), landed AS (
    SELECT DISTINCT ON (p.street_code, p.root_no, x.courtyard_code) p.street_code, p.root_no, x.courtyard_code, p.case_no
      FROM part p
     CROSS JOIN LATERAL unnest(p.courtyards) AS x (courtyard_code)
     ORDER BY p.street_code, p.root_no, x.courtyard_code, p.depth DESC, p.case_no DESC
)
SELECT l.street_code, l.root_no AS case_no, t.title, t.asked_by, t.basis, t.duty, t.admission, t.due_at,
       l.courtyard_code, l.case_no AS landed_no, c.level, c.unit_code, c.status, c.acknowledged_at, c.answered_at,
       c.is_supervised OR c.is_total_overdue AS was_late
  FROM landed l
  JOIN cases.task t ON t.street_code = l.street_code AND t.case_no = l.root_no
  JOIN cases.case c ON c.street_code = l.street_code AND c.case_no = l.case_no;
COMMENT ON VIEW mart.task_landing IS
    'Which task of a department lands in which courtyard: the task (case_no, title, asked_by, basis, duty, admission), and how far down it has been handed there: landed_no is the lowest case that holds the courtyard, with its level and unit. A refused task landed nowhere below the street. No personal data.';
COMMENT ON COLUMN mart.task_landing.duty IS 'The matter of duties.csv; NULL: outside the list.';
COMMENT ON COLUMN mart.task_landing.admission IS 'allowed | knowingly | refused';
COMMENT ON COLUMN mart.task_landing.status IS 'Of the lowest case.';
COMMENT ON COLUMN mart.task_landing.was_late IS 'A deadline of the lowest case passed.';

CREATE VIEW mart.task_burden AS
SELECT t.street_code, t.asked_by, extract(year FROM c.opened_at AT TIME ZONE 'Asia/Shanghai')::int AS year,
       count(*)::int AS tasks,
       count(*) FILTER (WHERE t.admission = 'allowed')::int AS allowed,
       count(*) FILTER (WHERE t.admission = 'knowingly')::int AS knowingly,
       count(*) FILTER (WHERE t.admission = 'refused')::int AS refused,
       round(count(*) FILTER (WHERE t.admission <> 'allowed')::numeric / count(*), 4) AS outside_share,
       coalesce(sum(cardinality(t.courtyards)) FILTER (WHERE t.admission <> 'refused'), 0)::int AS landings
  FROM cases.task t
  JOIN cases.case c USING (street_code, case_no)
 WHERE c.parent_no IS NULL
 GROUP BY t.street_code, t.asked_by, year;
COMMENT ON VIEW mart.task_burden IS
    'How many tasks each department gave the street in a year: on the duty list (allowed), admitted knowingly, refused; the share outside the list (outside_share: knowingly and refused), and in how many courtyards they were to be done, one counted for each task (landings). No personal data.';

CREATE VIEW mart.archive_proposal AS
SELECT p.street_code, p.proposal_no, p.case_no, p.module, p.courtyard_code, p.post, p.at, p.verdict, p.decided_by,
       p.decided_at, p.delivery_id, r.dataset, r.record_key, r.delivery_id AS believed_from
  FROM cases.proposal p
  LEFT JOIN warehouse.record r
    ON r.is_current AND p.verdict = 'accepted' AND r.street_code = p.street_code AND r.dataset = p.attrs ->> 'dataset'
   AND r.record_key = p.attrs ->> 'record_key' AND r.valid_to = 'infinity';
COMMENT ON VIEW mart.archive_proposal IS
    'What solved cases proposed to change in the archive, and what became of it: verdict accepted or declined, empty while it waits; delivery_id is where an accepted one was landed, record_key the row of the archive that came of it, empty until the next run. No personal data.';
