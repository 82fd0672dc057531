SELECT r.grantee::information_schema.sql_identifier AS grantee,
       r.role_name::information_schema.sql_identifier AS role_name,
       r.is_grantable::information_schema.yes_or_no AS is_grantable
FROM information_schema.applicable_roles r
WHERE r.is_grantable = 'YES';
