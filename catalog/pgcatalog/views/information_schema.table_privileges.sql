SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS table_catalog,
       n.nspname::information_schema.sql_identifier AS table_schema,
       c.relname::information_schema.sql_identifier AS table_name,
       p.privilege_type::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, c.relowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable,
       (CASE WHEN p.privilege_type = 'SELECT' THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS with_hierarchy
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) p
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE c.relkind IN ('r', 'v', 'f', 'p') AND p.privilege_type IN ('INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
  AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC');
