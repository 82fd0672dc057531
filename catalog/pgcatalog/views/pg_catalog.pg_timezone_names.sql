SELECT s.name,
       s.abbrev,
       s.utc_offset,
       s.is_dst
FROM pg_timezone_names() s;
