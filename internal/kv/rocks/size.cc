#include "size.h"

#include <cstring>

#include <rocksdb/db.h>

namespace {

// The layout of c.h's handles: a struct with the C++ pointer in it.
template <typename T> T *rep_of(void *handle) { return *static_cast<T **>(handle); }

}

void kg_size(void *rocksdb, void *family, const char *start, size_t start_len, const char *end, size_t end_len, kg_result *r) {
  const rocksdb::Range range(rocksdb::Slice(start, start_len), rocksdb::Slice(end, end_len));
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  const rocksdb::Status s = rep_of<rocksdb::DB>(rocksdb)->GetApproximateSizes(options, rep_of<rocksdb::ColumnFamilyHandle>(family), &range, 1, &r->need);
  if (s.ok()) return;
  r->code = KG_FAILED;
  r->error = reinterpret_cast<uintptr_t>(strdup(s.ToString().c_str()));
}
