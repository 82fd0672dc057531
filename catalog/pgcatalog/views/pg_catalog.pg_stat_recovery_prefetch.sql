SELECT NULL::timestamp with time zone AS stats_reset,
       NULL::bigint AS prefetch,
       NULL::bigint AS hit,
       NULL::bigint AS skip_init,
       NULL::bigint AS skip_new,
       NULL::bigint AS skip_fpw,
       NULL::bigint AS skip_rep,
       NULL::integer AS wal_distance,
       NULL::integer AS block_distance,
       NULL::integer AS io_depth
WHERE false;
