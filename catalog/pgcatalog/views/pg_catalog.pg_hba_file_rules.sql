SELECT s.rule_number,
       s.file_name,
       s.line_number,
       s.type,
       s.database,
       s.user_name,
       s.address,
       s.netmask,
       s.auth_method,
       s.options,
       s.error
FROM pg_hba_file_rules() s;
