SELECT current_database()::information_schema.sql_identifier AS table_catalog,
       n.nspname::information_schema.sql_identifier AS table_schema,
       c.relname::information_schema.sql_identifier AS table_name,
       current_database()::information_schema.sql_identifier AS constraint_catalog,
       nk.nspname::information_schema.sql_identifier AS constraint_schema,
       k.conname::information_schema.sql_identifier AS constraint_name
FROM pg_constraint k
JOIN pg_namespace nk ON nk.oid = k.connamespace
JOIN pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('f', 'p', 'u') AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');
