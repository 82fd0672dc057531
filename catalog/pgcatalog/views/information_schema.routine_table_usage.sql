SELECT NULL::information_schema.sql_identifier AS specific_catalog,
       NULL::information_schema.sql_identifier AS specific_schema,
       NULL::information_schema.sql_identifier AS specific_name,
       NULL::information_schema.sql_identifier AS routine_catalog,
       NULL::information_schema.sql_identifier AS routine_schema,
       NULL::information_schema.sql_identifier AS routine_name,
       NULL::information_schema.sql_identifier AS table_catalog,
       NULL::information_schema.sql_identifier AS table_schema,
       NULL::information_schema.sql_identifier AS table_name
WHERE false;
