SELECT NULL::name AS pubname,
       NULL::name AS schemaname,
       NULL::name AS tablename,
       NULL::name[] AS attnames,
       NULL::text AS rowfilter
WHERE false;
