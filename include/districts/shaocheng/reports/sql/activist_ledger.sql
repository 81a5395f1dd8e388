-- One row a person. Someone whom two grids reported counts once, as confirmed last, and names both rows.
WITH claim AS (
    SELECT r.*, coalesce(r.person_id, r.record_key) AS person, c.name AS courtyard_name, c.community_code
      FROM warehouse.record r
      LEFT JOIN warehouse.courtyard c USING (courtyard_code)
     WHERE r.street_code = :street_code AND r.dataset = 'grid_activists'
       AND r.valid_from <= :as_of AND r.valid_to > :as_of
       AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
), source AS (
    SELECT person, jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'sheet', sheet, 'row_no', row_no)
                             ORDER BY valid_from DESC, recorded_at DESC, record_key) AS sources
      FROM claim
     WHERE is_active
     GROUP BY person
), said_last AS (
    -- whoever left in one list and stays in an older one has left
    SELECT DISTINCT ON (person) * FROM claim ORDER BY person, valid_from DESC, is_active DESC, recorded_at DESC, record_key
)
SELECT a.dataset, a.record_key, a.person, a.attrs ->> 'name' AS name, a.attrs ->> 'sex' AS sex,
       mart.age_on(mart.person_birth_date(a.person_id, :known_at), :as_of) AS age,
       a.attrs ->> 'political_status' AS political_status,
       coalesce(a.courtyard_name, a.attrs ->> 'courtyard') AS courtyard, a.attrs ->> 'activist_kind' AS activist_kind,
       a.attrs ->> 'skill' AS skill, a.sealed ->> 'phone' AS phone, a.attrs ->> 'matters' AS matters, s.sources
  FROM said_last a
  JOIN source s USING (person)
 WHERE a.is_active
 ORDER BY a.community_code NULLS LAST, a.courtyard_code, (a.attrs ->> 'name') COLLATE "C", a.record_key
