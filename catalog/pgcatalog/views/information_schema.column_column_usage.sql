SELECT DISTINCT current_database()::information_schema.sql_identifier AS table_catalog,
       n.nspname::information_schema.sql_identifier AS table_schema,
       c.relname::information_schema.sql_identifier AS table_name,
       a.attname::information_schema.sql_identifier AS column_name,
       g.attname::information_schema.sql_identifier AS dependent_column
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute g ON g.attrelid = c.oid AND g.attgenerated <> ''
JOIN pg_attrdef ad ON ad.adrelid = c.oid AND ad.adnum = g.attnum
JOIN pg_depend d ON d.classid = 2604 AND d.objid = ad.oid AND d.refclassid = 1259 AND d.refobjid = c.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum <> g.attnum
WHERE pg_has_role(c.relowner, 'USAGE');
