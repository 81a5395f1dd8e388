-- name: disagreements
-- Persons of whom two sources say different things on a day; a date known to the month agrees with any day in it.
CREATE TEMP TABLE _disagreement ON COMMIT DROP AS
WITH other AS (
    SELECT *
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset <> :anchor
       AND person_id IS NOT NULL AND valid_from <= :day AND :day < valid_to
), seen AS (
    SELECT * FROM other
    UNION ALL
    SELECT *
      FROM warehouse.record
     WHERE is_current AND is_active AND street_code = :street AND dataset = :anchor
       AND valid_from <= :day AND :day < valid_to AND person_id IN (SELECT person_id FROM other)
), said AS (
    SELECT k.person_id, a.attribute, a.rank, k.dataset, k.record_key, k.delivery_id, k.sheet, k.row_no,
           CASE a.attribute WHEN 'courtyard_code' THEN k.courtyard_code ELSE k.attrs ->> a.attribute END AS value
      FROM seen k
      JOIN warehouse.authority a USING (dataset)
), ranked AS (
    SELECT *, first_value(value) OVER w AS best, first_value(dataset) OVER w AS chosen
      FROM said
     WHERE value IS NOT NULL
    WINDOW w AS (PARTITION BY person_id, attribute ORDER BY rank, record_key)
), differing AS (
    SELECT person_id, attribute, min(chosen) AS chosen_dataset
      FROM ranked
     GROUP BY person_id, attribute
    HAVING count(DISTINCT dataset) > 1
       AND bool_or(value <> best
                   AND NOT (attribute = 'birth_date' AND (starts_with(value, best) OR starts_with(best, value))))
)
SELECT person_id, attribute, chosen_dataset,
       jsonb_agg(jsonb_build_object('dataset', dataset, 'value', value, 'delivery_id', delivery_id, 'sheet', sheet,
                                    'row_no', row_no) ORDER BY rank, record_key) AS claims
  FROM ranked
  JOIN differing USING (person_id, attribute)
 GROUP BY person_id, attribute, chosen_dataset

-- name: close_settled
DELETE FROM warehouse.discrepancy d
 WHERE d.street_code = :street AND d.period = :period AND d.status = 'open'
   AND NOT EXISTS (SELECT FROM _disagreement n WHERE n.person_id = d.person_id AND n.attribute = d.attribute)

-- name: open_new
INSERT INTO warehouse.discrepancy AS d (street_code, period, person_id, attribute, claims, chosen_dataset)
SELECT :street, :period, person_id, attribute, claims, chosen_dataset FROM _disagreement
ON CONFLICT (street_code, period, person_id, attribute) DO UPDATE
   SET claims = excluded.claims, chosen_dataset = excluded.chosen_dataset
 WHERE (d.claims, d.chosen_dataset) IS DISTINCT FROM (excluded.claims, excluded.chosen_dataset)

-- name: drop
DROP TABLE _disagreement
