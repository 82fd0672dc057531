SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS table_catalog,
       n.nspname::information_schema.sql_identifier AS table_schema,
       p.relname::information_schema.sql_identifier AS table_name,
       p.attname::information_schema.sql_identifier AS column_name,
       p.privilege_type::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, p.relowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM (SELECT x.grantor, x.grantee, x.attname, x.relname, x.relnamespace, x.relowner, x.privilege_type, bool_or(x.is_grantable) AS is_grantable
      FROM (SELECT e.grantor, e.grantee, a.attname, c.relname, c.relnamespace, c.relowner, e.privilege_type, e.is_grantable
            FROM pg_class c
            CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) e
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'v', 'f', 'p')
            UNION
            SELECT e.grantor, e.grantee, a.attname, c.relname, c.relnamespace, c.relowner, e.privilege_type, e.is_grantable
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            CROSS JOIN LATERAL aclexplode(coalesce(a.attacl, acldefault('c', c.relowner))) e
            WHERE c.relkind IN ('r', 'v', 'f', 'p')) x
      GROUP BY x.grantor, x.grantee, x.attname, x.relname, x.relnamespace, x.relowner, x.privilege_type) p
JOIN pg_namespace n ON n.oid = p.relnamespace
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE p.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'REFERENCES')
  AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC');
