SELECT DISTINCT current_database()::information_schema.sql_identifier AS table_catalog,
       nc.nspname::information_schema.sql_identifier AS table_schema,
       c.relname::information_schema.sql_identifier AS table_name,
       current_database()::information_schema.sql_identifier AS specific_catalog,
       n.nspname::information_schema.sql_identifier AS specific_schema,
       nameconcatoid(f.proname, f.oid)::information_schema.sql_identifier AS specific_name
FROM pg_class c
JOIN pg_namespace nc ON nc.oid = c.relnamespace
JOIN pg_rewrite r ON r.ev_class = c.oid
JOIN pg_depend d ON d.classid = 2618 AND d.objid = r.oid AND d.refclassid = 1255
JOIN pg_proc f ON f.oid = d.refobjid
JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE c.relkind = 'v' AND pg_has_role(f.proowner, 'USAGE');
