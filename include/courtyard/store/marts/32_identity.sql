-- Who is who.

CREATE VIEW mart.observation_person AS
SELECT o.street_code, o.dataset, o.delivery_id, o.sheet, o.row_no, r.record, p.person_id, p.method, p.score
  FROM warehouse.observation o
  JOIN quality.batch b USING (batch_id)
 CROSS JOIN LATERAL (SELECT CASE WHEN starts_with(o.record_key, b.period || '/') THEN substr(o.record_key, length(b.period) + 2)
                                 ELSE o.record_key END AS record) r
  LEFT JOIN identity.record_person p
    ON p.street_code = o.street_code AND p.dataset = o.dataset AND p.record_key = r.record;
COMMENT ON VIEW mart.observation_person IS
    'Which person every observed row (delivery, sheet, row) is about as believed now, how that was found (method) and, where a model was asked, with what probability (score). record is the record''s key without its period. NULL for rows about no person.';
