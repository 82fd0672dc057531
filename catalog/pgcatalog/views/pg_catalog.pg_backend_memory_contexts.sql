SELECT s.name,
       s.ident,
       s.parent,
       s.level,
       s.total_bytes,
       s.total_nblocks,
       s.free_bytes,
       s.free_chunks,
       s.used_bytes
FROM pg_get_backend_memory_contexts() s;
