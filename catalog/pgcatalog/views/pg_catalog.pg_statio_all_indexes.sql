SELECT c.oid AS relid,
       i.oid AS indexrelid,
       n.nspname AS schemaname,
       c.relname,
       i.relname AS indexrelname,
       0::bigint AS idx_blks_read,
       0::bigint AS idx_blks_hit
FROM pg_class c
JOIN pg_index x ON x.indrelid = c.oid
JOIN pg_class i ON i.oid = x.indexrelid
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 't', 'm');
