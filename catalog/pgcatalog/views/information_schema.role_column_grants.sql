SELECT t.grantor::information_schema.sql_identifier AS grantor,
       t.grantee::information_schema.sql_identifier AS grantee,
       t.table_catalog::information_schema.sql_identifier AS table_catalog,
       t.table_schema::information_schema.sql_identifier AS table_schema,
       t.table_name::information_schema.sql_identifier AS table_name,
       t.column_name::information_schema.sql_identifier AS column_name,
       t.privilege_type::information_schema.character_data AS privilege_type,
       t.is_grantable::information_schema.yes_or_no AS is_grantable
FROM information_schema.column_privileges t
WHERE t.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r) OR t.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);
