// The calls into RocksDB that are worth one crossing each. Memory named "out" and "items" belongs to the caller.
#ifndef KALAMPG_ROCKS_HELPER_H
#define KALAMPG_ROCKS_HELPER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kg_db kg_db;
typedef struct kg_iter kg_iter;

enum { KG_OK, KG_ROOM, KG_CORRUPT, KG_NO_SPACE, KG_FAILED };
enum { KG_REVERSE = 1, KG_KEYS_ONLY = 2 };
enum { KG_FAMILIES = 4 };

#define KG_MISSING UINT32_MAX

// One item in "out": key_len bytes of key, then value_len bytes of value (KG_MISSING: none).
typedef struct {
  uint32_t key_len, value_len;
  uint64_t version;
} kg_item;

// error is a malloc'ed message; an integer, since the struct lies in Go's memory.
typedef struct {
  uint32_t code, count, done;
  uint64_t need; // bytes that the next item takes, with KG_ROOM
  uint64_t version; // of kg_persisted
  uintptr_t error;
} kg_result;

// rocksdb is a rocksdb_t*, families are rocksdb_column_family_handle_t*.
kg_db *kg_attach(void *rocksdb, void **families);
void kg_detach(kg_db *);
uint32_t kg_family_id(kg_db *, int family);

uintptr_t kg_snapshot(kg_db *); // an integer, so that cgo has nothing to check
void kg_release(kg_db *, uintptr_t snapshot);

// Looks up n keys of one family, which lie one behind the other in keys. With KG_ROOM, count items fit.
void kg_get(kg_db *, int family, uintptr_t snapshot, const char *keys, const uint32_t *lens, uint32_t n, char *out, size_t cap,
            kg_item *items, kg_result *);

// Opens an iterator and reads its first rows; returns NULL when that was all of them, or on an error.
kg_iter *kg_iter_open(kg_db *, int family, uintptr_t snapshot, const char *start, size_t start_len, const char *end, size_t end_len,
                      int flags, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *);
void kg_iter_next(kg_iter *, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *);
void kg_iter_close(kg_iter *);

// Writes a batch in RocksDB's serialised form, to memory only.
void kg_write(kg_db *, const char *rep, size_t len, kg_result *);
// Writes what is in memory to tables, all families as of one moment.
void kg_flush(kg_db *, int wait, kg_result *);
// Takes the database out of the state after a failed background write, or tells why not.
void kg_resume(kg_db *, kg_result *);
// The version of a key's value in the tables, whatever is newer in memory; done is 0 when there is none.
void kg_persisted(kg_db *, int family, const char *key, size_t len, kg_result *);

#ifdef __cplusplus
}
#endif
#endif
