SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       nk.nspname::information_schema.sql_identifier AS constraint_schema,
       k.conname::information_schema.sql_identifier AS constraint_name,
       current_database()::information_schema.sql_identifier AS table_catalog,
       n.nspname::information_schema.sql_identifier AS table_schema,
       c.relname::information_schema.sql_identifier AS table_name,
       a.attname::information_schema.sql_identifier AS column_name,
       ((k.x).n)::information_schema.cardinal_number AS ordinal_position,
       (CASE WHEN k.contype = 'f' THEN information_schema._pg_index_position(k.conindid, k.confkey[(k.x).n]) END)::information_schema.cardinal_number AS position_in_unique_constraint
FROM (SELECT q.*, information_schema._pg_expandarray(q.conkey) AS x
      FROM (SELECT k.oid, k.conname, k.contype, k.conindid, k.conkey, k.confkey, k.conrelid, k.connamespace FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'f')) q) k
JOIN pg_namespace nk ON nk.oid = k.connamespace
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = (k.x).x
WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped AND NOT pg_is_other_temp_schema(n.oid)
  AND (pg_has_role(c.relowner, 'USAGE') OR has_column_privilege(c.oid, a.attnum, 'SELECT, INSERT, UPDATE, REFERENCES'));
