SELECT t.grantor::information_schema.sql_identifier AS grantor,
       t.grantee::information_schema.sql_identifier AS grantee,
       t.udt_catalog::information_schema.sql_identifier AS udt_catalog,
       t.udt_schema::information_schema.sql_identifier AS udt_schema,
       t.udt_name::information_schema.sql_identifier AS udt_name,
       t.privilege_type::information_schema.character_data AS privilege_type,
       t.is_grantable::information_schema.yes_or_no AS is_grantable
FROM information_schema.udt_privileges t
WHERE t.grantor IN (SELECT r.role_name FROM information_schema.enabled_roles r) OR t.grantee IN (SELECT r.role_name FROM information_schema.enabled_roles r);
