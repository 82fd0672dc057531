SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       nk.nspname::information_schema.sql_identifier AS constraint_schema,
       k.conname::information_schema.sql_identifier AS constraint_name,
       (CASE WHEN np.nspname IS NOT NULL THEN current_database() END)::information_schema.sql_identifier AS unique_constraint_catalog,
       np.nspname::information_schema.sql_identifier AS unique_constraint_schema,
       p.conname::information_schema.sql_identifier AS unique_constraint_name,
       (CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' WHEN 's' THEN 'NONE' END)::information_schema.character_data AS match_option,
       (CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::information_schema.character_data AS update_rule,
       (CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION' END)::information_schema.character_data AS delete_rule
FROM pg_constraint k
JOIN pg_namespace nk ON nk.oid = k.connamespace
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint p ON p.conrelid = k.confrelid AND p.conindid = k.conindid AND p.contype IN ('p', 'u')
LEFT JOIN pg_namespace np ON np.oid = p.connamespace
WHERE k.contype = 'f' AND c.relkind IN ('r', 'p')
  AND (pg_has_role(c.relowner, 'USAGE')
       OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES'));
