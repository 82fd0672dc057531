#include "database.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <vector>

#include <rocksdb/write_batch.h>

using rocksdb::Slice;
using rocksdb::Status;

namespace {

constexpr size_t version_len = kg_version_len;

// The layout of c.h's handles: a struct with the C++ pointer in it.
template <typename T> struct holder { T *rep; };
template <typename T> T *rep_of(void *handle) { return static_cast<holder<T> *>(handle)->rep; }

struct writer {
  const kg_db *db;
  char *out;
  size_t cap, used = 0;
  kg_item *items;
  kg_result *r;

  // Adds an item, or tells in r why not.
  bool add(const Slice &key, const Slice *value, bool keys_only) {
    size_t len = 0;
    if (value != nullptr) {
      if (value->size() < version_len) {
        kg_fail(Status::Corruption("value without version"), r);
        return false;
      }
      len = keys_only ? 0 : value->size() - version_len;
    }
    if (key.size() + len > cap - used) {
      r->need = key.size() + len;
      r->code = KG_ROOM;
      return false;
    }
    kg_item &item = items[r->count];
    item.key_len = static_cast<uint32_t>(key.size());
    memcpy(out + used, key.data(), key.size());
    used += key.size();
    if (value == nullptr) {
      item.value_len = KG_MISSING;
      item.version = 0;
    } else {
      item.value_len = static_cast<uint32_t>(len);
      item.version = db->version_of(value->data());
      memcpy(out + used, value->data() + version_len, len);
      used += len;
    }
    r->count++;
    return true;
  }
};

bool found(const Status &s, const Slice &key, const Slice &value, writer &w) {
  if (s.ok()) return w.add(key, &value, false);
  if (s.IsNotFound()) return w.add(key, nullptr, false);
  kg_fail(s, w.r);
  return false;
}

} // namespace

void kg_fail(const Status &s, kg_result *r) {
  r->code = s.IsCorruption() ? KG_CORRUPT : s.IsNoSpace() ? KG_NO_SPACE : KG_FAILED;
  r->error = reinterpret_cast<uintptr_t>(strdup(s.ToString().c_str()));
}

void kg_fill(kg_iter *i, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *r) {
  writer w{i->db, out, cap, 0, items, r};
  rocksdb::Iterator *it = i->it.get();
  const bool reverse = i->flags & KG_REVERSE, keys_only = i->flags & KG_KEYS_ONLY;
  while (r->count < max && it->Valid()) {
    const Slice value = it->value();
    if (!w.add(it->key(), &value, keys_only)) {
      if (r->code == KG_ROOM && r->count > 0) r->code = KG_OK; // the rest comes with the next call
      return;
    }
    reverse ? it->Prev() : it->Next();
  }
  if (!it->Valid()) {
    r->done = 1;
    const Status s = it->status();
    if (!s.ok()) kg_fail(s, r);
  }
}

extern "C" {

kg_db *kg_attach(void *rocksdb, void **families) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 4); // else each thread that ever calls keeps freed blocks in an arena of its own
#endif
  kg_db *d = new kg_db;
  d->db = rep_of<rocksdb::DB>(rocksdb);
  for (int i = 0; i < KG_FAMILIES; i++) d->families[i] = rep_of<rocksdb::ColumnFamilyHandle>(families[i]);
  return d;
}

void kg_detach(kg_db *d) { delete d; }

uint32_t kg_family_id(kg_db *d, int family) { return d->families[family]->GetID(); }

uintptr_t kg_snapshot(kg_db *d) { return reinterpret_cast<uintptr_t>(d->db->GetSnapshot()); }

void kg_release(kg_db *d, uintptr_t snapshot) { d->db->ReleaseSnapshot(reinterpret_cast<const rocksdb::Snapshot *>(snapshot)); }

void kg_get(kg_db *d, int family, uintptr_t snapshot, const char *keys, const uint32_t *lens, uint32_t n, char *out, size_t cap,
            kg_item *items, kg_result *r) {
  rocksdb::ReadOptions ro;
  ro.snapshot = reinterpret_cast<const rocksdb::Snapshot *>(snapshot);
  rocksdb::ColumnFamilyHandle *cf = d->families[family];
  writer w{d, out, cap, 0, items, r};
  if (n == 1) {
    const Slice key(keys, lens[0]);
    rocksdb::PinnableSlice value;
    const Status s = d->db->Get(ro, cf, key, &value);
    found(s, key, value, w);
    return;
  }
  constexpr uint32_t chunk = 32;
  for (uint32_t from = 0; from < n;) {
    const uint32_t m = n - from < chunk ? n - from : chunk;
    Slice list[chunk];
    rocksdb::PinnableSlice values[chunk];
    Status statuses[chunk];
    for (uint32_t i = 0; i < m; i++) {
      list[i] = Slice(keys, lens[from + i]);
      keys += lens[from + i];
    }
    d->db->MultiGet(ro, cf, m, list, values, statuses);
    for (uint32_t i = 0; i < m; i++)
      if (!found(statuses[i], list[i], values[i], w)) return;
    from += m;
  }
}

kg_iter *kg_iter_open(kg_db *d, int family, uintptr_t snapshot, const char *start, size_t start_len, const char *end, size_t end_len,
                      int flags, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *r) {
  return kg_iter_start(
      d,
      [&](rocksdb::ReadOptions &ro) {
        ro.snapshot = reinterpret_cast<const rocksdb::Snapshot *>(snapshot);
        return d->db->NewIterator(ro, d->families[family]);
      },
      start, start_len, end, end_len, flags, max, out, cap, items, r);
}

void kg_iter_next(kg_iter *i, uint32_t max, char *out, size_t cap, kg_item *items, kg_result *r) { kg_fill(i, max, out, cap, items, r); }

void kg_iter_close(kg_iter *i) { delete i; }

void kg_write(kg_db *d, const char *rep, size_t len, kg_result *r) {
  rocksdb::WriteBatch batch(std::string(rep, len));
  rocksdb::WriteOptions wo;
  wo.disableWAL = true;
  const Status s = d->db->Write(wo, &batch);
  if (!s.ok()) kg_fail(s, r);
}

void kg_flush(kg_db *d, int wait, kg_result *r) {
  rocksdb::FlushOptions fo;
  fo.wait = wait != 0;
  fo.allow_write_stall = true;
  const std::vector<rocksdb::ColumnFamilyHandle *> all(d->families, d->families + KG_FAMILIES);
  const Status s = d->db->Flush(fo, all);
  if (!s.ok()) kg_fail(s, r);
}

void kg_resume(kg_db *d, kg_result *r) {
  const Status s = d->db->Resume();
  if (!s.ok()) kg_fail(s, r);
}

void kg_persisted(kg_db *d, int family, const char *key, size_t len, kg_result *r) {
  rocksdb::ReadOptions ro;
  ro.read_tier = rocksdb::kPersistedTier;
  rocksdb::PinnableSlice value;
  const Status s = d->db->Get(ro, d->families[family], Slice(key, len), &value);
  if (s.IsNotFound()) return;
  if (!s.ok()) return kg_fail(s, r);
  if (value.size() < version_len) return kg_fail(Status::Corruption("value without version"), r);
  r->done = 1;
  r->version = d->version_of(value.data());
}
}
