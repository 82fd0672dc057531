SELECT 0::bigint AS wal_records,
       0::bigint AS wal_fpi,
       0::numeric AS wal_bytes,
       0::bigint AS wal_buffers_full,
       0::bigint AS wal_write,
       0::bigint AS wal_sync,
       0::double precision AS wal_write_time,
       0::double precision AS wal_sync_time,
       NULL::timestamp with time zone AS stats_reset;
