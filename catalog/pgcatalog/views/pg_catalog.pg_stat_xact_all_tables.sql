SELECT c.oid AS relid,
       n.nspname AS schemaname,
       c.relname,
       0::bigint AS seq_scan,
       0::bigint AS seq_tup_read,
       CASE WHEN c.relhasindex THEN 0::bigint END AS idx_scan,
       CASE WHEN c.relhasindex THEN 0::bigint END AS idx_tup_fetch,
       0::bigint AS n_tup_ins,
       0::bigint AS n_tup_upd,
       0::bigint AS n_tup_del,
       0::bigint AS n_tup_hot_upd,
       0::bigint AS n_tup_newpage_upd
FROM pg_class c
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 't', 'm', 'p');
