SELECT s.slot_name,
       s.plugin,
       s.slot_type,
       s.datoid,
       d.datname AS database,
       s.temporary,
       s.active,
       s.active_pid,
       s.xmin,
       s.catalog_xmin,
       s.restart_lsn,
       s.confirmed_flush_lsn,
       s.wal_status,
       s.safe_wal_size,
       s.two_phase,
       s.conflicting
FROM pg_get_replication_slots() s
LEFT JOIN pg_database d ON d.oid = s.datoid;
