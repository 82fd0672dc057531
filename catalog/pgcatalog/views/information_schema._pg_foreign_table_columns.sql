SELECT NULL::name AS nspname,
       NULL::name AS relname,
       NULL::name AS attname,
       NULL::text[] AS attfdwoptions
WHERE false;
