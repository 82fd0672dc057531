SELECT current_database()::information_schema.sql_identifier AS udt_catalog,
       nbt.nspname::information_schema.sql_identifier AS udt_schema,
       bt.typname::information_schema.sql_identifier AS udt_name,
       current_database()::information_schema.sql_identifier AS domain_catalog,
       nt.nspname::information_schema.sql_identifier AS domain_schema,
       t.typname::information_schema.sql_identifier AS domain_name
FROM pg_type t
JOIN pg_namespace nt ON nt.oid = t.typnamespace
JOIN pg_type bt ON bt.oid = t.typbasetype
JOIN pg_namespace nbt ON nbt.oid = bt.typnamespace
WHERE t.typtype = 'd' AND pg_has_role(bt.typowner, 'USAGE');
