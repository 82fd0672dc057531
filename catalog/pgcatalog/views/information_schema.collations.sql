SELECT current_database()::information_schema.sql_identifier AS collation_catalog,
       n.nspname::information_schema.sql_identifier AS collation_schema,
       l.collname::information_schema.sql_identifier AS collation_name,
       'NO PAD'::information_schema.character_data AS pad_attribute
FROM pg_collation l
JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE l.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()));
