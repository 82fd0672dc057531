SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       nk.nspname::information_schema.sql_identifier AS constraint_schema,
       k.conname::information_schema.sql_identifier AS constraint_name,
       (substring(pg_get_constraintdef(k.oid) from 7))::information_schema.character_data AS check_clause
FROM pg_constraint k
LEFT JOIN pg_namespace nk ON nk.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.contype = 'c' AND pg_has_role(coalesce(c.relowner, t.typowner), 'USAGE')
UNION ALL
SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       n.nspname::information_schema.sql_identifier AS constraint_schema,
       (n.oid::text || '_' || c.oid::text || '_' || a.attnum::text || '_not_null')::information_schema.sql_identifier AS constraint_name,
       (a.attname || ' IS NOT NULL')::information_schema.character_data AS check_clause
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE');
