SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS udt_catalog,
       n.nspname::information_schema.sql_identifier AS udt_schema,
       t.typname::information_schema.sql_identifier AS udt_name,
       'TYPE USAGE'::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, t.typowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
CROSS JOIN LATERAL aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) p
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE t.typtype = 'c' AND p.privilege_type = 'USAGE' AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC');
