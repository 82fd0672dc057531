SELECT s.local_id,
       s.external_id,
       s.remote_lsn,
       s.local_lsn
FROM pg_show_replication_origin_status() s;
