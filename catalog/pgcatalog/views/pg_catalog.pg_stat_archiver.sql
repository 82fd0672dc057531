SELECT 0::bigint AS archived_count,
       NULL::text AS last_archived_wal,
       NULL::timestamp with time zone AS last_archived_time,
       0::bigint AS failed_count,
       NULL::text AS last_failed_wal,
       NULL::timestamp with time zone AS last_failed_time,
       NULL::timestamp with time zone AS stats_reset;
