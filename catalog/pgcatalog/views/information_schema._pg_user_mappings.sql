SELECT NULL::oid AS oid,
       NULL::text[] AS umoptions,
       NULL::oid AS umuser,
       NULL::information_schema.sql_identifier AS authorization_identifier,
       NULL::information_schema.sql_identifier AS foreign_server_catalog,
       NULL::information_schema.sql_identifier AS foreign_server_name,
       NULL::information_schema.sql_identifier AS srvowner
WHERE false;
