SELECT current_database()::information_schema.sql_identifier AS specific_catalog,
       n.nspname::information_schema.sql_identifier AS specific_schema,
       nameconcatoid(f.proname, f.oid)::information_schema.sql_identifier AS specific_name,
       ((f.x).n)::information_schema.cardinal_number AS ordinal_position,
       (CASE WHEN f.proargmodes IS NULL THEN 'IN' ELSE CASE f.proargmodes[(f.x).n] WHEN 'i' THEN 'IN' WHEN 'o' THEN 'OUT' WHEN 'b' THEN 'INOUT' WHEN 'v' THEN 'IN' WHEN 't' THEN 'OUT' END END)::information_schema.character_data AS parameter_mode,
       'NO'::information_schema.yes_or_no AS is_result,
       'NO'::information_schema.yes_or_no AS as_locator,
       (nullif(f.proargnames[(f.x).n], ''))::information_schema.sql_identifier AS parameter_name,
       (CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN nt.nspname = 'pg_catalog' THEN format_type(t.oid, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       NULL::information_schema.cardinal_number AS character_maximum_length,
       NULL::information_schema.cardinal_number AS character_octet_length,
       NULL::information_schema.sql_identifier AS character_set_catalog,
       NULL::information_schema.sql_identifier AS character_set_schema,
       NULL::information_schema.sql_identifier AS character_set_name,
       NULL::information_schema.sql_identifier AS collation_catalog,
       NULL::information_schema.sql_identifier AS collation_schema,
       NULL::information_schema.sql_identifier AS collation_name,
       NULL::information_schema.cardinal_number AS numeric_precision,
       NULL::information_schema.cardinal_number AS numeric_precision_radix,
       NULL::information_schema.cardinal_number AS numeric_scale,
       NULL::information_schema.cardinal_number AS datetime_precision,
       NULL::information_schema.character_data AS interval_type,
       NULL::information_schema.cardinal_number AS interval_precision,
       current_database()::information_schema.sql_identifier AS udt_catalog,
       nt.nspname::information_schema.sql_identifier AS udt_schema,
       t.typname::information_schema.sql_identifier AS udt_name,
       NULL::information_schema.sql_identifier AS scope_catalog,
       NULL::information_schema.sql_identifier AS scope_schema,
       NULL::information_schema.sql_identifier AS scope_name,
       NULL::information_schema.cardinal_number AS maximum_cardinality,
       ((f.x).n)::information_schema.sql_identifier AS dtd_identifier,
       (CASE WHEN pg_has_role(f.proowner, 'USAGE') THEN pg_get_function_arg_default(f.oid, (f.x).n) END)::information_schema.character_data AS parameter_default
FROM (SELECT f.oid, f.proname, f.proowner, f.pronamespace, f.proargnames, f.proargmodes, f.pronargs,
             information_schema._pg_expandarray(coalesce(f.proallargtypes, f.proargtypes::oid[])) AS x
      FROM pg_proc f) f
JOIN pg_namespace n ON n.oid = f.pronamespace
JOIN pg_type t ON t.oid = (f.x).x
JOIN pg_namespace nt ON nt.oid = t.typnamespace
WHERE pg_has_role(f.proowner, 'USAGE') OR has_function_privilege(f.oid, 'EXECUTE');
