-- One row a member in the organisation that the register names, with what it adds to each figure, and one row an
-- organisation, which adds to none. Members stand in their branch only, never again in the organisations above it.
WITH known AS NOT MATERIALIZED (
    SELECT *
      FROM warehouse.record
     WHERE street_code = :street_code AND dataset IN ('party_organisations', 'party_members')
       AND valid_from <= :as_of AND valid_to > :as_of
       AND recorded_at <= :known_at AND superseded_at > :known_at
), organisation AS (
    -- two organisations of one name cannot be told apart by what the register of members says: the first counts
    SELECT DISTINCT ON (attrs ->> 'org_name') attrs ->> 'org_no' AS org_no, attrs ->> 'org_name' AS org_name
      FROM known
     WHERE dataset = 'party_organisations' AND is_active
     ORDER BY attrs ->> 'org_name', attrs ->> 'org_no'
), said_last AS (
    SELECT DISTINCT ON (coalesce(person_id, record_key) COLLATE "C") *
      FROM known
     WHERE dataset = 'party_members'
     ORDER BY coalesce(person_id, record_key) COLLATE "C", valid_from DESC, is_active DESC, recorded_at DESC, record_key
), decided AS (
    -- where sources disagree: what won by the pack's rules, or was settled at the desk
    SELECT subject, max(value) FILTER (WHERE attribute = 'sex') AS sex,
           max(value) FILTER (WHERE attribute = 'birth_date') AS birth_date
      FROM warehouse.discrepancy
     WHERE street_code = :street_code AND kind = 'claim' AND period = to_char(CAST(:as_of AS date), 'YYYY"Q"Q')
       AND recorded_at <= :known_at AND superseded_at > :known_at
     GROUP BY subject
), member AS (
    SELECT o.org_no, m.delivery_id, m.sheet, m.row_no, m.attrs ->> 'member_kind' AS member_kind,
           coalesce(d.sex, m.attrs ->> 'sex') AS sex, m.attrs ->> 'ethnicity' AS ethnicity,
           m.attrs ->> 'education' AS education, coalesce((m.attrs ->> 'is_floating')::boolean, false) AS is_floating,
           mart.age_on(coalesce(d.birth_date, m.attrs ->> 'birth_date'), :as_of) AS age
      FROM said_last m
      LEFT JOIN organisation o ON o.org_name = m.attrs ->> 'party_org'
      LEFT JOIN decided d ON d.subject = m.person_id
     WHERE m.is_active
)
SELECT org_no AS row_key, delivery_id, sheet, row_no, 0 AS organisations, 1 AS members,
       (member_kind = 'full')::int AS full_members,
       (member_kind = 'probationary')::int AS probationary,
       (sex IS NOT DISTINCT FROM '2')::int AS female,
       coalesce(ethnicity <> '01', false)::int AS minority,
       coalesce(age <= 35, false)::int AS age_35,
       coalesce(age >= 60, false)::int AS age_60,
       coalesce(education IN ('10', '20', '30'), false)::int AS college,
       is_floating::int AS floating,
       (age IS NULL)::int AS age_unknown
  FROM member
UNION ALL
SELECT attrs ->> 'org_no', delivery_id, sheet, row_no, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM known
 WHERE dataset = 'party_organisations' AND is_active
