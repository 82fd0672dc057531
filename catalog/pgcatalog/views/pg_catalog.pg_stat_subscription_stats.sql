SELECT NULL::oid AS subid,
       NULL::name AS subname,
       NULL::bigint AS apply_error_count,
       NULL::bigint AS sync_error_count,
       NULL::timestamp with time zone AS stats_reset
WHERE false;
