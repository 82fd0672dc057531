SELECT NULL::information_schema.sql_identifier AS authorization_identifier,
       NULL::information_schema.sql_identifier AS foreign_server_catalog,
       NULL::information_schema.sql_identifier AS foreign_server_name
WHERE false;
