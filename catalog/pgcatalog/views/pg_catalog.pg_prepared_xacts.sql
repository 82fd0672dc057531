SELECT p.transaction,
       p.gid,
       p.prepared,
       a.rolname AS owner,
       d.datname AS database
FROM pg_prepared_xact() p
LEFT JOIN pg_authid a ON a.oid = p.ownerid
LEFT JOIN pg_database d ON d.oid = p.dbid;
