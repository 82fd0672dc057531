SELECT a.rolname::information_schema.sql_identifier AS grantee,
       b.rolname::information_schema.sql_identifier AS role_name,
       (CASE WHEN m.admin_option THEN 'YES' ELSE 'NO' END)::information_schema.yes_or_no AS is_grantable
FROM (SELECT x.member, x.roleid, x.admin_option FROM pg_auth_members x
      UNION
      SELECT d.datdba, p.oid, false FROM pg_database d, pg_authid p WHERE d.datname = current_database() AND p.rolname = 'pg_database_owner') m
JOIN pg_authid a ON a.oid = m.member
JOIN pg_authid b ON b.oid = m.roleid
WHERE pg_has_role(a.oid, 'USAGE');
