SELECT s.name,
       s.version,
       x.extname IS NOT NULL AS installed,
       s.superuser,
       s.trusted,
       s.relocatable,
       s.schema,
       s.requires,
       s.comment
FROM pg_available_extension_versions() s
LEFT JOIN pg_extension x ON x.extname = s.name AND x.extversion = s.version;
