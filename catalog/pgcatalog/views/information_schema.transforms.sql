SELECT NULL::information_schema.sql_identifier AS udt_catalog,
       NULL::information_schema.sql_identifier AS udt_schema,
       NULL::information_schema.sql_identifier AS udt_name,
       NULL::information_schema.sql_identifier AS specific_catalog,
       NULL::information_schema.sql_identifier AS specific_schema,
       NULL::information_schema.sql_identifier AS specific_name,
       NULL::information_schema.sql_identifier AS group_name,
       NULL::information_schema.character_data AS transform_type
WHERE false;
