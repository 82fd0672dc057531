// Reading everything back: not in the helper's header, whose calls are those that must be quick.
#ifndef KALAMPG_ROCKS_VERIFY_H
#define KALAMPG_ROCKS_VERIFY_H

#include "helper.h"

#ifdef __cplusplus
extern "C" {
#endif

// Compares all table files of rocksdb, a rocksdb_t*, with their checksums.
void kg_verify(void *rocksdb, kg_result *);

#ifdef __cplusplus
}
#endif
#endif
