SELECT d.oid AS datid,
       d.datname,
       0::bigint AS confl_tablespace,
       0::bigint AS confl_lock,
       0::bigint AS confl_snapshot,
       0::bigint AS confl_bufferpin,
       0::bigint AS confl_deadlock,
       0::bigint AS confl_active_logicalslot
FROM pg_database d;
