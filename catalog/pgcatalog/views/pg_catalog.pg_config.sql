SELECT s.name,
       s.setting
FROM pg_config() s;
