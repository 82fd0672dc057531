SELECT m.oid AS umid,
       f.oid AS srvid,
       f.srvname,
       m.umuser,
       CASE WHEN m.umuser = 0 THEN 'public'::name ELSE a.rolname END AS usename,
       m.umoptions
FROM pg_user_mapping m
JOIN pg_foreign_server f ON f.oid = m.umserver
LEFT JOIN pg_authid a ON a.oid = m.umuser;
