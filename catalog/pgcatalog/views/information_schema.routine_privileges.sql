SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS specific_catalog,
       n.nspname::information_schema.sql_identifier AS specific_schema,
       nameconcatoid(f.proname, f.oid)::information_schema.sql_identifier AS specific_name,
       current_database()::information_schema.sql_identifier AS routine_catalog,
       n.nspname::information_schema.sql_identifier AS routine_schema,
       f.proname::information_schema.sql_identifier AS routine_name,
       p.privilege_type::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, f.proowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM pg_proc f
JOIN pg_namespace n ON n.oid = f.pronamespace
CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) p
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE p.privilege_type = 'EXECUTE' AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC');
