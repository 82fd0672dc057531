SELECT s.name,
       s.off,
       s.size,
       s.allocated_size
FROM pg_get_shmem_allocations() s;
