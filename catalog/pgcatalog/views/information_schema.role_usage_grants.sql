SELECT t.grantor::information_schema.sql_identifier AS grantor,
       t.grantee::information_schema.sql_identifier AS grantee,
       t.object_catalog::information_schema.sql_identifier AS object_catalog,
       t.object_schema::information_schema.sql_identifier AS object_schema,
       t.object_name::information_schema.sql_identifier AS object_name,
       t.object_type::information_schema.character_data AS object_type,
       t.privilege_type::information_schema.character_data AS privilege_type,
       t.is_grantable::information_schema.yes_or_no AS is_grantable
FROM information_schema.usage_privileges t
WHERE t.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r) OR t.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);
