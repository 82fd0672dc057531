SELECT b.oid AS subid,
       b.subname,
       NULL::integer AS pid,
       NULL::integer AS leader_pid,
       NULL::oid AS relid,
       NULL::pg_lsn AS received_lsn,
       NULL::timestamp with time zone AS last_msg_send_time,
       NULL::timestamp with time zone AS last_msg_receipt_time,
       NULL::pg_lsn AS latest_end_lsn,
       NULL::timestamp with time zone AS latest_end_time
FROM pg_subscription b;
