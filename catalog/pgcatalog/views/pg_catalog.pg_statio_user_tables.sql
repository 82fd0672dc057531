SELECT s.relid,
       s.schemaname,
       s.relname,
       s.heap_blks_read,
       s.heap_blks_hit,
       s.idx_blks_read,
       s.idx_blks_hit,
       s.toast_blks_read,
       s.toast_blks_hit,
       s.tidx_blks_read,
       s.tidx_blks_hit
FROM pg_statio_all_tables s
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_toast';
