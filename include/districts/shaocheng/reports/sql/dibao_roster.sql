-- One row a member of a household in the register of the month; a household's rows stand together.
WITH member AS (
    SELECT r.*, r.attrs ->> 'benefit_no' AS benefit_no, r.attrs ->> 'relation' IS NOT DISTINCT FROM '0' AS is_head,
           c.community_code
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'dibao_register' AND r.is_active
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), placed AS (
    -- the household belongs to its head's community
    SELECT *, first_value(community_code)
                  OVER (PARTITION BY benefit_no ORDER BY community_code IS NULL, is_head DESC, record_key) AS home
      FROM member
)
SELECT dense_rank() OVER (ORDER BY home, benefit_no) AS number, benefit_no, home AS community_code, dataset, record_key,
       coalesce(person_id, record_key) AS person,
       attrs ->> 'head_name' AS head_name, sealed ->> 'id_number' AS id_number,
       (attrs ->> 'household_size')::int AS household_size, (attrs ->> 'covered_persons')::int AS covered_persons,
       attrs ->> 'name' AS name, attrs ->> 'relation' AS relation, attrs ->> 'category' AS category,
       attrs ->> 'benefit_class' AS benefit_class, (attrs ->> 'monthly_amount')::numeric AS monthly_amount,
       left(attrs ->> 'start_month', 7) AS start_month, attrs ->> 'cause' AS cause, attrs ->> 'address' AS address,
       sealed ->> 'phone' AS phone, attrs ->> 'remark' AS remark,
       jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)) AS sources
  FROM placed
 ORDER BY number, is_head DESC, attrs ->> 'relation', row_no, record_key
