SELECT current_database()::information_schema.sql_identifier AS constraint_catalog,
       nk.nspname::information_schema.sql_identifier AS constraint_schema,
       k.conname::information_schema.sql_identifier AS constraint_name,
       current_database()::information_schema.sql_identifier AS domain_catalog,
       nt.nspname::information_schema.sql_identifier AS domain_schema,
       t.typname::information_schema.sql_identifier AS domain_name,
       (CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_deferrable,
       (CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS initially_deferred
FROM pg_constraint k
JOIN pg_namespace nk ON nk.oid = k.connamespace
JOIN pg_type t ON t.oid = k.contypid
JOIN pg_namespace nt ON nt.oid = t.typnamespace
WHERE (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));
