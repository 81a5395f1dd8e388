-- Orders accepted in each month of the year so far; no figure for a month whose data never came.
WITH month AS (
    SELECT generate_series(CAST(:year_start AS timestamp), CAST(:period_start AS timestamp), interval '1 month')::date AS start
)
SELECT format('%s月', date_part('month', m.start)) AS "月份",
       CASE WHEN EXISTS (SELECT FROM quality.batch b
                          WHERE b.street_code = :street_code AND b.dataset = 'hotline_cases' AND b.status = 'merged'
                            AND b.period = to_char(m.start, 'YYYY-MM'))
            THEN (SELECT count(*)
                    FROM warehouse.record r
                   WHERE r.street_code = :street_code AND r.dataset = 'hotline_cases' AND r.is_active
                     AND r.valid_from <= :as_of AND r.valid_to > :as_of
                     AND r.recorded_at <= :known_at AND r.superseded_at > :known_at
                     AND date_trunc('month', (r.attrs ->> 'created_at')::timestamptz AT TIME ZONE 'Asia/Shanghai') = m.start)
       END AS "受理"
  FROM month m
 ORDER BY m.start
