-- One row a project that was ever claimed, as it stood on the last day.
SELECT *, attrs ->> 'progress' AS progress, attrs ->> 'claimed_on' AS claimed_on, attrs ->> 'due_on' AS due_on,
       nullif(attrs ->> 'outcome', '') AS outcome
  FROM warehouse.record
 WHERE street_code = :street_code AND dataset = 'party_projects' AND is_active
   AND valid_from <= :as_of AND valid_to > :as_of
   AND recorded_at <= :known_at AND superseded_at > :known_at
