-- The burden of reporting: what the forms ask for and who asks it, by the revision that holds of each period.

CREATE VIEW mart.burden AS
WITH holding AS (
    SELECT DISTINCT ON (street_code, report, period) street_code, report, period, revision, rows, manifest
      FROM publish.publication
     ORDER BY street_code, report, period, revision DESC
)
SELECT h.street_code, h.manifest ->> 'recipient' AS recipient, h.report, h.manifest ->> 'title' AS title,
       left(h.period, 4)::int AS year, h.period, h.revision, h.rows, sum(c.asked)::bigint AS asked,
       sum(c.filled)::bigint AS filled, sum(c.by_hand)::bigint AS by_hand,
       sum(c.asked - c.filled - c.by_hand)::bigint AS not_known,
       bool_or(c.fact LIKE 'person.%') AS is_about_persons
  FROM holding h
  JOIN publish.cell_count c USING (street_code, report, period, revision)
 GROUP BY h.street_code, h.manifest, h.report, h.period, h.revision, h.rows;
COMMENT ON VIEW mart.burden IS
    'What each published form asked for, by its newest revision: cells asked, filled from the archive, left for a person (by_hand), and empty because no source knows (not_known). A form published before counting began has no row. No personal data.';

CREATE VIEW mart.burden_fact AS
SELECT b.street_code, b.year, c.fact, mode() WITHIN GROUP (ORDER BY c.header) AS header,
       count(DISTINCT b.recipient)::int AS recipients, count(DISTINCT b.report)::int AS reports,
       count(*)::int AS times, sum(c.asked)::bigint AS asked,
       array_agg(DISTINCT b.recipient ORDER BY b.recipient) AS recipient_names,
       array_agg(DISTINCT b.title ORDER BY b.title) AS report_titles
  FROM mart.burden b
  JOIN publish.cell_count c USING (street_code, report, period, revision)
 WHERE c.fact <> ''
 GROUP BY b.street_code, b.year, c.fact;
COMMENT ON VIEW mart.burden_fact IS
    'How often one fact (person.phone) was asked in a year: by how many departments (recipients), in how many forms (reports), how many times a form with it was filed, in how many cells. No personal data.';
