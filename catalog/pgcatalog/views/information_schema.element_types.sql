SELECT current_database()::information_schema.sql_identifier AS object_catalog,
       n.nspname::information_schema.sql_identifier AS object_schema,
       x.name::information_schema.sql_identifier AS object_name,
       x.kind::information_schema.character_data AS object_type,
       x.pos::information_schema.sql_identifier AS collection_type_identifier,
       (CASE WHEN nt.nspname = 'pg_catalog' THEN format_type(t.oid, NULL) ELSE 'USER-DEFINED' END)::information_schema.character_data AS data_type,
       NULL::information_schema.cardinal_number AS character_maximum_length,
       NULL::information_schema.cardinal_number AS character_octet_length,
       NULL::information_schema.sql_identifier AS character_set_catalog,
       NULL::information_schema.sql_identifier AS character_set_schema,
       NULL::information_schema.sql_identifier AS character_set_name,
       (CASE WHEN nco.nspname IS NOT NULL THEN current_database() END)::information_schema.sql_identifier AS collation_catalog,
       nco.nspname::information_schema.sql_identifier AS collation_schema,
       co.collname::information_schema.sql_identifier AS collation_name,
       NULL::information_schema.cardinal_number AS numeric_precision,
       NULL::information_schema.cardinal_number AS numeric_precision_radix,
       NULL::information_schema.cardinal_number AS numeric_scale,
       NULL::information_schema.cardinal_number AS datetime_precision,
       NULL::information_schema.character_data AS interval_type,
       NULL::information_schema.cardinal_number AS interval_precision,
       NULL::information_schema.character_data AS domain_default,
       current_database()::information_schema.sql_identifier AS udt_catalog,
       nt.nspname::information_schema.sql_identifier AS udt_schema,
       t.typname::information_schema.sql_identifier AS udt_name,
       NULL::information_schema.sql_identifier AS scope_catalog,
       NULL::information_schema.sql_identifier AS scope_schema,
       NULL::information_schema.sql_identifier AS scope_name,
       NULL::information_schema.cardinal_number AS maximum_cardinality,
       ('a' || x.pos::text)::information_schema.sql_identifier AS dtd_identifier
FROM (SELECT c.relnamespace AS ns, c.relname AS name, CASE WHEN c.relkind = 'c' THEN 'USER-DEFINED TYPE' ELSE 'TABLE' END AS kind, a.attnum::integer AS pos, a.atttypid AS typ, a.attcollation AS coll
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'v', 'f', 'c', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT d.typnamespace, d.typname, 'DOMAIN', 1, d.typbasetype, d.typcollation FROM pg_type d WHERE d.typtype = 'd'
      UNION ALL
      SELECT p.pronamespace, p.name, 'ROUTINE', (p.x).n, (p.x).x, 0::oid
      FROM (SELECT f.pronamespace, nameconcatoid(f.proname, f.oid) AS name, information_schema._pg_expandarray(coalesce(f.proallargtypes, f.proargtypes::oid[])) AS x FROM pg_proc f) p
      UNION ALL
      SELECT f.pronamespace, nameconcatoid(f.proname, f.oid), 'ROUTINE', 0, f.prorettype, 0::oid FROM pg_proc f) x
JOIN pg_namespace n ON n.oid = x.ns
JOIN pg_type ar ON ar.oid = x.typ AND ar.typelem <> 0 AND ar.typlen = -1
JOIN pg_type t ON t.oid = ar.typelem
JOIN pg_namespace nt ON nt.oid = t.typnamespace
LEFT JOIN (pg_collation co JOIN pg_namespace nco ON nco.oid = co.collnamespace)
  ON co.oid = x.coll AND (nco.nspname <> 'pg_catalog' OR co.collname <> 'default')
JOIN information_schema.data_type_privileges v
  ON v.object_schema = n.nspname AND v.object_name = x.name AND v.object_type = x.kind AND v.dtd_identifier = x.pos::text;
