SELECT current_database()::information_schema.sql_identifier AS object_catalog,
       x.s::information_schema.sql_identifier AS object_schema,
       x.n::information_schema.sql_identifier AS object_name,
       x.k::information_schema.character_data AS object_type,
       x.d::information_schema.sql_identifier AS dtd_identifier
FROM (SELECT c.udt_schema AS s, c.udt_name AS n, 'USER-DEFINED TYPE'::text AS k, c.dtd_identifier AS d FROM information_schema.attributes c
      UNION ALL
      SELECT c.table_schema, c.table_name, 'TABLE', c.dtd_identifier FROM information_schema.columns c
      UNION ALL
      SELECT c.domain_schema, c.domain_name, 'DOMAIN', c.dtd_identifier FROM information_schema.domains c
      UNION ALL
      SELECT c.specific_schema, c.specific_name, 'ROUTINE', c.dtd_identifier FROM information_schema.parameters c
      UNION ALL
      SELECT c.specific_schema, c.specific_name, 'ROUTINE', c.dtd_identifier FROM information_schema.routines c) x;
