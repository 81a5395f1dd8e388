-- name: marts
WITH role AS (
    SELECT rolname FROM pg_roles WHERE rolname IN ('courtyard_pipeline', 'courtyard_publisher', 'courtyard_reader')
)
SELECT c.oid, c.relname AS name, NULL AS arguments, NULL AS result, obj_description(c.oid, 'pg_class') AS meaning,
       ARRAY(SELECT rolname::text FROM role WHERE has_table_privilege(rolname, c.oid, 'SELECT')) AS readers
  FROM pg_class c
 WHERE c.relnamespace = 'mart'::regnamespace AND c.relkind = 'v'
 UNION ALL
SELECT p.oid, p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), obj_description(p.oid, 'pg_proc'),
       ARRAY(SELECT rolname::text FROM role WHERE has_function_privilege(rolname, p.oid, 'EXECUTE'))
  FROM pg_proc p
 WHERE p.pronamespace = 'mart'::regnamespace
 ORDER BY name, arguments NULLS FIRST

-- name: columns
WITH rows AS (
    SELECT c.oid AS owner, c.oid AS relation FROM pg_class c WHERE c.relnamespace = 'mart'::regnamespace AND c.relkind = 'v'
     UNION ALL
    SELECT p.oid, t.typrelid
      FROM pg_proc p
      JOIN pg_type t ON t.oid = p.prorettype
     WHERE p.pronamespace = 'mart'::regnamespace AND t.typrelid <> 0
)
SELECT r.owner AS oid, a.attnum AS position, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       col_description(r.relation, a.attnum) AS meaning
  FROM rows r
  JOIN pg_attribute a ON a.attrelid = r.relation AND a.attnum > 0 AND NOT a.attisdropped
 UNION ALL
SELECT p.oid, n.position, n.name, format_type(n.type, NULL),
       (SELECT col_description(a.attrelid, a.attnum)
          FROM pg_attribute a
         WHERE a.attrelid = to_regclass('mart.' || quote_ident(regexp_replace(p.proname, '_(known|as_of)$', '')))
           AND a.attname = n.name)
  FROM pg_proc p
 CROSS JOIN unnest(p.proargnames, p.proallargtypes, p.proargmodes) WITH ORDINALITY AS n(name, type, mode, position)
 WHERE p.pronamespace = 'mart'::regnamespace AND n.mode = 't'
 ORDER BY oid, position
