SELECT u.rolname::information_schema.sql_identifier AS grantor,
       'PUBLIC'::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS object_catalog,
       n.nspname::information_schema.sql_identifier AS object_schema,
       l.collname::information_schema.sql_identifier AS object_name,
       'COLLATION'::information_schema.character_data AS object_type,
       'USAGE'::information_schema.character_data AS privilege_type,
       'NO'::information_schema.yes_or_no AS is_grantable
FROM pg_collation l
JOIN pg_namespace n ON n.oid = l.collnamespace
JOIN pg_authid u ON u.oid = l.collowner
WHERE l.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))
UNION ALL
SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS object_catalog,
       n.nspname::information_schema.sql_identifier AS object_schema,
       t.typname::information_schema.sql_identifier AS object_name,
       'DOMAIN'::information_schema.character_data AS object_type,
       p.privilege_type::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, t.typowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
CROSS JOIN LATERAL aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) p
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE t.typtype = 'd' AND p.privilege_type = 'USAGE' AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC')
UNION ALL
SELECT gr.rolname::information_schema.sql_identifier AS grantor,
       ge.rolname::information_schema.sql_identifier AS grantee,
       current_database()::information_schema.sql_identifier AS object_catalog,
       n.nspname::information_schema.sql_identifier AS object_schema,
       c.relname::information_schema.sql_identifier AS object_name,
       'SEQUENCE'::information_schema.character_data AS object_type,
       p.privilege_type::information_schema.character_data AS privilege_type,
       (CASE WHEN pg_has_role(ge.oid, c.relowner, 'USAGE') OR p.is_grantable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) p
JOIN pg_authid gr ON gr.oid = p.grantor
JOIN (SELECT a.oid, a.rolname FROM pg_authid a UNION ALL SELECT 0::oid, 'PUBLIC') ge ON ge.oid = p.grantee
WHERE c.relkind = 'S' AND p.privilege_type = 'USAGE' AND (pg_has_role(gr.oid, 'USAGE') OR pg_has_role(ge.oid, 'USAGE') OR ge.rolname = 'PUBLIC');
