SELECT NULL::information_schema.sql_identifier AS foreign_table_catalog,
       NULL::information_schema.sql_identifier AS foreign_table_schema,
       NULL::information_schema.sql_identifier AS foreign_table_name,
       NULL::information_schema.sql_identifier AS foreign_server_catalog,
       NULL::information_schema.sql_identifier AS foreign_server_name
WHERE false;
