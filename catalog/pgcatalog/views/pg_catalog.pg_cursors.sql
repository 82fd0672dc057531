SELECT s.name,
       s.statement,
       s.is_holdable,
       s.is_binary,
       s.is_scrollable,
       s.creation_time
FROM pg_cursor() s;
