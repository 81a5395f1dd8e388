-- Merged replies of reporters and actions of posts, taken up once each.

-- name: pending
-- A task and a root cause come to be by their action. A report's replies go to the case that its report led to in the end; a reply to a report that is no case yet waits.
SELECT DISTINCT ON (made_at, dataset, record_key) r.dataset, r.record_key, r.attrs, r.case_no
  FROM (SELECT o.dataset, o.record_key, o.attrs, (o.attrs ->> 'replied_at')::timestamptz AS made_at,
               intake.case_no_of(o.attrs ->> 'request_id') AS case_no
          FROM warehouse.record o
         WHERE o.street_code = :street AND o.is_current AND o.dataset = 'resident_replies'
           AND NOT EXISTS (SELECT FROM cases.event e
                            WHERE e.street_code = :street AND e.post <> 'clock' AND e.cause = 'reply/' || o.record_key)
        UNION ALL
        SELECT o.dataset, o.record_key, o.attrs, (o.attrs ->> 'acted_at')::timestamptz, o.attrs ->> 'case_no'
          FROM warehouse.record o
         WHERE o.street_code = :street AND o.is_current AND o.dataset = 'case_actions'
           AND NOT EXISTS (SELECT FROM cases.event e
                            WHERE e.street_code = :street AND e.post <> 'clock' AND e.cause = 'action/' || o.record_key)
       ) r
  LEFT JOIN cases."case" c ON c.street_code = :street AND c.case_no = r.case_no
 WHERE c.case_no IS NOT NULL OR r.attrs ->> 'kind' IN ('task', 'root_cause')
 ORDER BY made_at, dataset, record_key
