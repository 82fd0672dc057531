SELECT c.oid AS relid,
       n.nspname AS schemaname,
       c.relname,
       0::bigint AS blks_read,
       0::bigint AS blks_hit
FROM pg_class c
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S';
