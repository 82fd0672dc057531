// What the C++ sources share: the database, iterators, and filling a batch.
#ifndef KALAMPG_ROCKS_DATABASE_H
#define KALAMPG_ROCKS_DATABASE_H

#include "helper.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include <rocksdb/db.h>

// A value begins with the version of the commit that wrote it, or, in an ingested run, with this bit and the run's number: the file is written before its commit has a version.
constexpr uint64_t kg_run_bit = uint64_t(1) << 63;
constexpr size_t kg_version_len = 8;

struct kg_db {
  static constexpr uint64_t chunk = 4096;

  rocksdb::DB *db;
  rocksdb::ColumnFamilyHandle *families[KG_FAMILIES];
  std::atomic<std::atomic<uint64_t> *> versions[chunk] = {}; // of runs, by number

  uint64_t version_of(const char *p) const {
    uint64_t v;
    memcpy(&v, p, kg_version_len);
    v = __builtin_bswap64(v);
    if (!(v & kg_run_bit)) return v;
    v &= ~kg_run_bit;
    if (v >= chunk * chunk) return 0;
    const std::atomic<uint64_t> *c = versions[v / chunk].load(std::memory_order_acquire);
    return c == nullptr ? 0 : c[v % chunk].load(std::memory_order_acquire);
  }

  ~kg_db() {
    for (auto &c : versions) delete[] c.load();
  }
};

struct kg_iter {
  kg_db *db;
  std::string start, end;
  rocksdb::Slice lower, upper; // RocksDB keeps pointers to them
  std::unique_ptr<rocksdb::Iterator> it;
  int flags;
};

void kg_fail(const rocksdb::Status &s, kg_result *r);

// Reads the next rows.
void kg_fill(kg_iter *i, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *r);

// Sets up an iterator's bounds, opens it by make and reads its first rows.
template <typename F>
kg_iter *kg_iter_start(kg_db *d, F make, const char *start, size_t start_len, const char *end, size_t end_len, int flags, uint32_t max, char *out,
                       size_t cap, kg_item *items, kg_result *r) {
  std::unique_ptr<kg_iter> i(new kg_iter);
  i->db = d;
  i->start.assign(start, start_len);
  i->end.assign(end, end_len);
  i->lower = i->start;
  i->upper = i->end;
  i->flags = flags;
  rocksdb::ReadOptions ro;
  ro.iterate_lower_bound = &i->lower;
  ro.iterate_upper_bound = &i->upper;
  i->it.reset(make(ro));
  if (flags & KG_REVERSE)
    i->it->SeekForPrev(i->upper); // the upper bound itself is outside
  else
    i->it->Seek(i->lower);
  kg_fill(i.get(), max, out, cap, items, r);
  if (r->done || r->error) return nullptr;
  return i.release();
}

#endif
