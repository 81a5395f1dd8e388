-- One row a resident on the last day, with what it adds to each figure; a person registered twice
-- counts once, by the entry confirmed last.
WITH resident AS (
    SELECT DISTINCT ON (coalesce(r.person_id, r.record_key) COLLATE "C")
           r.delivery_id, r.sheet, r.row_no, r.record_key,
           coalesce(r.household_id, r.attrs ->> 'household_no') AS household, c.community_code,
           r.attrs ->> 'relation' IS NOT DISTINCT FROM '0' AS is_head, r.attrs ->> 'residence_type' AS residence_type,
           coalesce((r.attrs ->> 'split_residence')::boolean, false) AS is_split,
           mart.age_on(r.attrs ->> 'birth_date', :as_of) AS age
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'population' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
     ORDER BY coalesce(r.person_id, r.record_key) COLLATE "C", r.valid_from DESC, r.recorded_at DESC, r.record_key
)
SELECT community_code AS row_key, delivery_id, sheet, row_no,
       (household IS NOT NULL
           AND row_number() OVER (PARTITION BY household ORDER BY is_head DESC, record_key) = 1)::int AS households,
       1 AS persons,
       coalesce(residence_type = 'hukou', false)::int AS hukou,
       coalesce(residence_type = 'floating', false)::int AS floating,
       is_split::int AS split_residence,
       coalesce(residence_type = 'overseas', false)::int AS overseas,
       coalesce(age BETWEEN 0 AND 6, false)::int AS age_0_6,
       coalesce(age BETWEEN 7 AND 15, false)::int AS age_7_15,
       coalesce(age BETWEEN 16 AND 59, false)::int AS age_16_59,
       coalesce(age >= 60, false)::int AS age_60,
       coalesce(age >= 80, false)::int AS age_80,
       (age IS NULL)::int AS age_unknown
  FROM resident
