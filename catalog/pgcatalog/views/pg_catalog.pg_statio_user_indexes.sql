SELECT s.relid,
       s.indexrelid,
       s.schemaname,
       s.relname,
       s.indexrelname,
       s.idx_blks_read,
       s.idx_blks_hit
FROM pg_statio_all_indexes s
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_toast';
