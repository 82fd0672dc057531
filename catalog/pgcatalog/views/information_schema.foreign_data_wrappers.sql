SELECT NULL::information_schema.sql_identifier AS foreign_data_wrapper_catalog,
       NULL::information_schema.sql_identifier AS foreign_data_wrapper_name,
       NULL::information_schema.sql_identifier AS authorization_identifier,
       NULL::information_schema.character_data AS library_name,
       NULL::information_schema.character_data AS foreign_data_wrapper_language
WHERE false;
