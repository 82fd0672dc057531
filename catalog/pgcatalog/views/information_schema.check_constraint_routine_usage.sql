SELECT NULL::information_schema.sql_identifier AS constraint_catalog,
       NULL::information_schema.sql_identifier AS constraint_schema,
       NULL::information_schema.sql_identifier AS constraint_name,
       NULL::information_schema.sql_identifier AS specific_catalog,
       NULL::information_schema.sql_identifier AS specific_schema,
       NULL::information_schema.sql_identifier AS specific_name
WHERE false;
