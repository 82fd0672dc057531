#include "verify.h"

#include <cstring>

#include <rocksdb/db.h>

namespace {

// The layout of c.h's handle: a struct with the C++ pointer in it.
struct holder { rocksdb::DB *rep; };

}

void kg_verify(void *rocksdb, kg_result *r) {
  const rocksdb::Status s = static_cast<holder *>(rocksdb)->rep->VerifyChecksum();
  if (s.ok()) return;
  r->code = s.IsCorruption() ? KG_CORRUPT : KG_FAILED;
  r->error = reinterpret_cast<uintptr_t>(strdup(s.ToString().c_str()));
}
