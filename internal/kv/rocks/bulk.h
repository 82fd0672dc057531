// Table files written outside the database and taken into it: package bulk's runs.
#ifndef KALAMPG_ROCKS_BULK_H
#define KALAMPG_ROCKS_BULK_H

#include "helper.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kg_sst kg_sst;
typedef struct kg_file kg_file;

// Begins a table file with a family's options.
kg_sst *kg_sst_open(kg_db *, int family, const char *path, size_t len, kg_result *);
// Adds n pairs at offsets of slab: lengths of key and value, key, eight bytes of room, into which version goes, value. need becomes the file's size.
void kg_sst_add(kg_sst *, char *slab, const uint32_t *offsets, uint32_t n, uint64_t version, kg_result *);
// Makes the file durable, and frees the writer whatever happens.
void kg_sst_finish(kg_sst *, kg_result *);
void kg_sst_abort(kg_sst *);

// Opens a table file for reading, and iterators over it, which are read on and closed like those of the database.
kg_file *kg_file_open(kg_db *, int family, const char *path, size_t len, kg_result *);
void kg_file_close(kg_file *);
kg_iter *kg_file_iter(kg_file *, const char *start, size_t start_len, const char *end, size_t end_len, int flags, uint32_t max, char *out,
                      size_t cap, kg_item *items, kg_result *);

// Takes n table files into the database at once. paths are ended by zeros.
void kg_ingest(kg_db *, const int *families, const char *paths, uint32_t n, kg_result *);

// Says which version the values of an ingested run have; until then it is 0.
void kg_set_version(kg_db *, uint64_t run, uint64_t version);

#ifdef __cplusplus
}
#endif
#endif
