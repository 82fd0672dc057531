SELECT NULL::integer AS pid,
       NULL::oid AS datid,
       NULL::name AS datname,
       NULL::oid AS relid,
       NULL::text AS phase,
       NULL::bigint AS sample_blks_total,
       NULL::bigint AS sample_blks_scanned,
       NULL::bigint AS ext_stats_total,
       NULL::bigint AS ext_stats_computed,
       NULL::bigint AS child_tables_total,
       NULL::bigint AS child_tables_done,
       NULL::oid AS current_child_table_relid
WHERE false;
