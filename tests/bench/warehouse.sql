-- step
INSERT INTO staging.row (batch_id, sheet, row_no, dataset, record_key, row_hash, is_active, attrs, sealed,
                         name, id_token, phone_token, birth_date, sex, address, household_no)
SELECT 'population:' || :period || '/population/v1', '', n + 1, 'population', 'SC' || lpad(n::text, 8, '0'), md5(attrs::text)::uuid, true,
       attrs, jsonb_build_object('id_number', repeat(md5('i' || n), 2), 'phone', repeat(md5('p' || n), 2)),
       attrs ->> 'name', attrs ->> 'id_number', attrs ->> 'phone', attrs ->> 'birth_date', attrs ->> 'sex',
       attrs ->> 'address', attrs ->> 'household_no'
  FROM (SELECT n, jsonb_build_object(
                   'person_no', 'SC' || lpad(n::text, 8, '0'), 'name', '样' || n, 'sex', (n % 2 + 1)::text,
                   'birth_date', (date '1930-01-01' + n % 33000)::text, 'document_type', '111', 'id_number', md5('id' || n),
                   'ethnicity', '01', 'household_no', 'HH' || lpad((n / 3)::text, 8, '0'), 'relation', '01',
                   'residence_type', 'hukou', 'hukou_address', '四道街4号院' || n % 40 + 1 || '栋1单元101',
                   'address', '四道街4号院' || (n / 3) % 9 + 1 || '栋' || (n / 27) % 5 + 1 || '单元' || (n / 135) % 9 + 1 || '0' || (n / 1215) % 9 + 1,
                   'split_residence', false, 'phone', md5('phone' || n || '|' || (:number + n) / :every),
                   'status', 'resident') AS attrs
          FROM generate_series(1, :rows) n) made
-- step
INSERT INTO staging.link (batch_id, sheet, row_no, courtyard_code, building, unit_no, room, person_id, household_id)
SELECT batch_id, sheet, row_no, '5101050050020002', ((row_no / 3) % 9 + 1)::text, '1', '101',
       'P' || left(md5(record_key), 16), 'H' || left(md5(household_no), 16)
  FROM staging.row
-- step
INSERT INTO landing.delivery (seq, delivery_id, street_code, source, period, name, sha256, size_bytes,
       media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
VALUES (nextval('landing.delivery_seq'), 'population:' || :period, :street, 'population', :period, 'file',
        md5(:period), 1, 'text/plain', :received, :received, 'x', 'k', '');
INSERT INTO quality.batch (batch_id, delivery_id, street_code, dataset, period, status, landed)
VALUES ('population:' || :period || '/population/v1', 'population:' || :period, :street, 'population', :period, :status, :rows)
-- step
CREATE SCHEMA IF NOT EXISTS hand;
CREATE TABLE IF NOT EXISTS hand.belief (person_no text, valid_from int, valid_to int, name text, sex text, birth_date text,
    document_type text, id_number text, ethnicity text, household_no text, relation text, residence_type text,
    hukou_address text, address text, split_residence text, phone text, status text, recorded_at date, superseded_at date);
CREATE INDEX IF NOT EXISTS belief_key ON hand.belief (person_no) WHERE superseded_at = 'infinity';
DROP TABLE IF EXISTS hand.staged;
CREATE UNLOGGED TABLE hand.staged AS
SELECT 'SC' || lpad(n::text, 8, '0') AS person_no, '样' || n AS name, (n % 2 + 1)::text AS sex, (date '1930-01-01' + n % 33000)::text AS birth_date,
       '111' AS document_type, md5('id' || n) AS id_number, '01' AS ethnicity, 'HH' || lpad((n / 3)::text, 8, '0') AS household_no,
       '01' AS relation, 'hukou' AS residence_type, '四道街4号院' || n % 40 + 1 || '栋1单元101' AS hukou_address,
       '四道街4号院' || (n / 3) % 9 + 1 || '栋' || (n / 27) % 5 + 1 || '单元' || (n / 135) % 9 + 1 || '0' || (n / 1215) % 9 + 1 AS address,
       'false' AS split_residence, md5('phone' || n || '|' || (:number + n) / :every) AS phone, 'resident' AS status
  FROM generate_series(1, :rows) n
-- step
CREATE TEMP TABLE _news ON COMMIT DROP AS
SELECT s.*
  FROM hand.staged s
 WHERE NOT EXISTS (
       SELECT FROM hand.belief b
        WHERE b.superseded_at = 'infinity' AND b.person_no = s.person_no
          AND (b.name, b.sex, b.birth_date, b.document_type, b.id_number, b.ethnicity, b.household_no, b.relation, b.residence_type,
               b.hukou_address, b.address, b.split_residence, b.phone, b.status)
              IS NOT DISTINCT FROM
              (s.name, s.sex, s.birth_date, s.document_type, s.id_number, s.ethnicity, s.household_no, s.relation, s.residence_type,
               s.hukou_address, s.address, s.split_residence, s.phone, s.status))
-- step
UPDATE hand.belief b SET valid_to = :number, superseded_at = :day
  FROM _news n
 WHERE b.superseded_at = 'infinity' AND b.person_no = n.person_no
-- step
INSERT INTO hand.belief
SELECT person_no, :number, 2147483647, name, sex, birth_date, document_type, id_number, ethnicity, household_no, relation, residence_type,
       hukou_address, address, split_residence, phone, status, :day, 'infinity'
  FROM _news
