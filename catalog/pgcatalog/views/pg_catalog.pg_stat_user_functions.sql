SELECT NULL::oid AS funcid,
       NULL::name AS schemaname,
       NULL::name AS funcname,
       NULL::bigint AS calls,
       NULL::double precision AS total_time,
       NULL::double precision AS self_time
WHERE false;
