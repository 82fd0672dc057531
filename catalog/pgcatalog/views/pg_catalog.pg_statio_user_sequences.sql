SELECT s.relid,
       s.schemaname,
       s.relname,
       s.blks_read,
       s.blks_hit
FROM pg_statio_all_sequences s
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_toast';
