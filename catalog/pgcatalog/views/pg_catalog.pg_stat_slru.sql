SELECT NULL::text AS name,
       NULL::bigint AS blks_zeroed,
       NULL::bigint AS blks_hit,
       NULL::bigint AS blks_read,
       NULL::bigint AS blks_written,
       NULL::bigint AS blks_exists,
       NULL::bigint AS flushes,
       NULL::bigint AS truncates,
       NULL::timestamp with time zone AS stats_reset
WHERE false;
