SELECT NULL::integer AS pid,
       NULL::oid AS datid,
       NULL::name AS datname,
       NULL::oid AS relid,
       NULL::text AS phase,
       NULL::bigint AS heap_blks_total,
       NULL::bigint AS heap_blks_scanned,
       NULL::bigint AS heap_blks_vacuumed,
       NULL::bigint AS index_vacuum_count,
       NULL::bigint AS max_dead_tuples,
       NULL::bigint AS num_dead_tuples
WHERE false;
