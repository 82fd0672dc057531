SELECT t.grantor::information_schema.sql_identifier AS grantor,
       t.grantee::information_schema.sql_identifier AS grantee,
       t.specific_catalog::information_schema.sql_identifier AS specific_catalog,
       t.specific_schema::information_schema.sql_identifier AS specific_schema,
       t.specific_name::information_schema.sql_identifier AS specific_name,
       t.routine_catalog::information_schema.sql_identifier AS routine_catalog,
       t.routine_schema::information_schema.sql_identifier AS routine_schema,
       t.routine_name::information_schema.sql_identifier AS routine_name,
       t.privilege_type::information_schema.character_data AS privilege_type,
       t.is_grantable::information_schema.yes_or_no AS is_grantable
FROM information_schema.routine_privileges t
WHERE t.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r) OR t.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);
