SELECT NULL::information_schema.sql_identifier AS trigger_catalog,
       NULL::information_schema.sql_identifier AS trigger_schema,
       NULL::information_schema.sql_identifier AS trigger_name,
       NULL::information_schema.sql_identifier AS event_object_catalog,
       NULL::information_schema.sql_identifier AS event_object_schema,
       NULL::information_schema.sql_identifier AS event_object_table,
       NULL::information_schema.sql_identifier AS event_object_column
WHERE false;
