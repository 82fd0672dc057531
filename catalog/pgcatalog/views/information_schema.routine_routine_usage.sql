SELECT DISTINCT current_database()::information_schema.sql_identifier AS specific_catalog,
       n.nspname::information_schema.sql_identifier AS specific_schema,
       nameconcatoid(f.proname, f.oid)::information_schema.sql_identifier AS specific_name,
       current_database()::information_schema.sql_identifier AS routine_catalog,
       nu.nspname::information_schema.sql_identifier AS routine_schema,
       nameconcatoid(u.proname, u.oid)::information_schema.sql_identifier AS routine_name
FROM pg_proc f
JOIN pg_namespace n ON n.oid = f.pronamespace
JOIN pg_depend d ON d.classid = 1255 AND d.objid = f.oid AND d.refclassid = 1255
JOIN pg_proc u ON u.oid = d.refobjid
JOIN pg_namespace nu ON nu.oid = u.pronamespace
WHERE pg_has_role(u.proowner, 'USAGE');
