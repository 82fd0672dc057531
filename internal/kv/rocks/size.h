// How much lies in a range of keys.
#ifndef KALAMPG_ROCKS_SIZE_H
#define KALAMPG_ROCKS_SIZE_H

#include "helper.h"

#ifdef __cplusplus
extern "C" {
#endif

// Estimates the bytes of a family's keys in [start, end), in files and memtables; need is the answer. rocksdb is a rocksdb_t*, family a rocksdb_column_family_handle_t*.
void kg_size(void *rocksdb, void *family, const char *start, size_t start_len, const char *end, size_t end_len, kg_result *);

#ifdef __cplusplus
}
#endif
#endif
