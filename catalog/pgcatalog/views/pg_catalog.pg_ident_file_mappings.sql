SELECT s.map_number,
       s.file_name,
       s.line_number,
       s.map_name,
       s.sys_name,
       s.pg_username,
       s.error
FROM pg_ident_file_mappings() s;
