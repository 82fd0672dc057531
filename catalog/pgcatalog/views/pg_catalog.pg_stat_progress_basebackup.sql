SELECT NULL::integer AS pid,
       NULL::text AS phase,
       NULL::bigint AS backup_total,
       NULL::bigint AS backup_streamed,
       NULL::bigint AS tablespaces_total,
       NULL::bigint AS tablespaces_streamed
WHERE false;
