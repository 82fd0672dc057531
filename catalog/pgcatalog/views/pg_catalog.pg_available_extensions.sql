SELECT s.name,
       s.default_version,
       x.extversion AS installed_version,
       s.comment
FROM pg_available_extensions() s
LEFT JOIN pg_extension x ON x.extname = s.name;
