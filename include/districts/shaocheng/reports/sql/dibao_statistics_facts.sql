-- One row a member and month since January, with what it adds to each figure. A household, a person
-- and an amount add to exactly one row, so every column can be summed over any set of communities.
WITH register AS (
    SELECT r.delivery_id, r.sheet, r.row_no, r.record_key, r.valid_from AS month, r.person_id,
           r.attrs ->> 'benefit_no' AS household, (r.attrs ->> 'monthly_amount')::numeric AS amount,
           -- the key without its period: the same person of the same household in every month
           coalesce(r.person_id, substr(r.record_key, strpos(r.record_key, '/') + 1)) AS person,
           r.attrs ->> 'relation' IS NOT DISTINCT FROM '0' AS is_head, c.community_code
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'dibao_register' AND r.is_active
       AND r.attrs ->> 'category' = 'dibao'
       AND r.valid_from >= :year_start AND r.valid_from <= :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), placed AS (
    SELECT *, first_value(community_code) OVER (PARTITION BY month, household
                  ORDER BY community_code IS NULL, is_head DESC, record_key) AS row_key
      FROM register
), counted AS (
    SELECT *, month = :period_start AS is_month,
           row_number() OVER (PARTITION BY month, household ORDER BY is_head DESC, record_key) = 1 AS first_of_household,
           row_number() OVER (PARTITION BY month, person ORDER BY is_head DESC, household, record_key) = 1
               AS first_in_month,
           row_number() OVER (PARTITION BY person ORDER BY month DESC, is_head DESC, household, record_key) = 1
               AS first_in_year
      FROM placed
), aged AS (
    SELECT *, CASE WHEN is_month AND first_in_month
                   THEN mart.age_on(mart.person_birth_date(person_id, :known_at), :as_of) END AS age
      FROM counted
)
SELECT row_key, delivery_id, sheet, row_no,
       (is_month AND first_of_household)::int AS households,
       (is_month AND first_in_month)::int AS persons,
       first_in_year::int AS year_persons,
       coalesce(age >= 60, false)::int AS elders,
       coalesce(age >= 18 AND age < 60, false)::int AS adults,
       coalesce(age < 18, false)::int AS minors,
       (is_month AND first_in_month AND age IS NULL)::int AS age_unknown,
       CASE WHEN is_month AND first_of_household THEN amount ELSE 0 END AS month_amount,
       CASE WHEN first_of_household THEN amount ELSE 0 END AS year_amount
  FROM aged
