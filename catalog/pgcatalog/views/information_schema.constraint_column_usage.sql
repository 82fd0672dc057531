SELECT current_database()::information_schema.sql_identifier AS table_catalog,
       s.nspname::information_schema.sql_identifier AS table_schema,
       s.relname::information_schema.sql_identifier AS table_name,
       s.attname::information_schema.sql_identifier AS column_name,
       current_database()::information_schema.sql_identifier AS constraint_catalog,
       s.constraint_schema::information_schema.sql_identifier AS constraint_schema,
       s.conname::information_schema.sql_identifier AS constraint_name
FROM (SELECT DISTINCT n.nspname, c.relname, c.relowner, a.attname, nk.nspname AS constraint_schema, k.conname
      FROM pg_constraint k
      JOIN pg_namespace nk ON nk.oid = k.connamespace
      JOIN pg_depend d ON d.classid = 2606 AND d.objid = k.oid AND d.refclassid = 1259
      JOIN pg_class c ON c.oid = d.refobjid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
      WHERE k.contype = 'c' AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
      UNION ALL
      SELECT n.nspname, c.relname, c.relowner, a.attname, nk.nspname, k.conname
      FROM pg_constraint k
      JOIN pg_namespace nk ON nk.oid = k.connamespace
      JOIN pg_class c ON c.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END)
      WHERE k.contype IN ('p', 'u', 'f') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped) s
WHERE pg_has_role(s.relowner, 'USAGE');
