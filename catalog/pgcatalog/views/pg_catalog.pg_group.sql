SELECT g.rolname AS groname,
       g.oid AS grosysid,
       ARRAY(SELECT m.member FROM pg_auth_members m WHERE m.roleid = g.oid) AS grolist
FROM pg_authid g
WHERE NOT g.rolcanlogin;
