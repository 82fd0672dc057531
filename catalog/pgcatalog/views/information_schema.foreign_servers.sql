SELECT NULL::information_schema.sql_identifier AS foreign_server_catalog,
       NULL::information_schema.sql_identifier AS foreign_server_name,
       NULL::information_schema.sql_identifier AS foreign_data_wrapper_catalog,
       NULL::information_schema.sql_identifier AS foreign_data_wrapper_name,
       NULL::information_schema.character_data AS foreign_server_type,
       NULL::information_schema.character_data AS foreign_server_version,
       NULL::information_schema.sql_identifier AS authorization_identifier
WHERE false;
