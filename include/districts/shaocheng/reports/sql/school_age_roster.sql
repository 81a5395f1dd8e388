-- One row a child, by community and courtyard; children who defer are listed and not counted.
SELECT row_number() OVER (ORDER BY row_key NULLS LAST, courtyard_code, name COLLATE "C", person) AS number, name, sex,
       birth_date, 'grid_school_age' AS dataset, grid_key AS record_key,
       coalesce(register_sealed ->> 'id_number', grid_sealed ->> 'id_number', roll_sealed ->> 'id_number') AS id_number,
       CASE WHEN register_sealed ? 'id_number' THEN 'population/' || register_key
            WHEN grid_sealed ? 'id_number' THEN 'grid_school_age/' || grid_key
            ELSE 'school_children/' || roll_key END AS id_number_of,
       coalesce(grid ->> 'hukou_address', register ->> 'hukou_address') AS hukou_address,
       coalesce(CASE WHEN in_grid THEN grid ->> 'address' END, register ->> 'address') AS address,
       NULL AS hukou_kind, coalesce(grid ->> 'guardian', roll ->> 'guardian') AS guardian,
       grid ->> 'guardian_relation' AS guardian_relation,
       coalesce(grid_sealed ->> 'phone', roll_sealed ->> 'phone', register_sealed ->> 'phone') AS phone,
       CASE WHEN grid_sealed ? 'phone' THEN 'grid_school_age/' || grid_key
            WHEN roll_sealed ? 'phone' THEN 'school_children/' || roll_key
            ELSE 'population/' || register_key END AS phone_of,
       NULL AS home_proof, CASE WHEN is_migrant THEN '是' ELSE '否' END AS is_migrant, NULL AS entry_mode,
       nullif(concat_ws('；', CASE WHEN is_deferred THEN '不计入统计' END, grid ->> 'remark',
                        CASE WHEN in_grid IS NULL THEN '网格未报，待核实' END,
                        CASE WHEN on_roll THEN format('已有学籍：%s%s', roll ->> 'school', roll ->> 'grade') END), '')
           AS remark, sources
  FROM facts
 WHERE is_child AND is_listed
 ORDER BY number
