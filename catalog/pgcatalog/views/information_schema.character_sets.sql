SELECT NULL::information_schema.sql_identifier AS character_set_catalog,
       NULL::information_schema.sql_identifier AS character_set_schema,
       getdatabaseencoding()::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN getdatabaseencoding() = 'UTF8' THEN 'UCS' ELSE getdatabaseencoding() END)::information_schema.sql_identifier AS character_repertoire,
       getdatabaseencoding()::information_schema.sql_identifier AS form_of_use,
       current_database()::information_schema.sql_identifier AS default_collate_catalog,
       n.nspname::information_schema.sql_identifier AS default_collate_schema,
       l.collname::information_schema.sql_identifier AS default_collate_name
FROM pg_database d
LEFT JOIN (pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace) ON d.datcollate = l.collcollate AND d.datctype = l.collctype
WHERE d.datname = current_database()
ORDER BY char_length(l.collname) DESC, l.collname
LIMIT 1;
