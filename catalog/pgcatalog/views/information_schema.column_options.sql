SELECT NULL::information_schema.sql_identifier AS table_catalog,
       NULL::information_schema.sql_identifier AS table_schema,
       NULL::information_schema.sql_identifier AS table_name,
       NULL::information_schema.sql_identifier AS column_name,
       NULL::information_schema.sql_identifier AS option_name,
       NULL::information_schema.character_data AS option_value
WHERE false;
