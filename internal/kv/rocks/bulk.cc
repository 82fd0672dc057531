#include "bulk.h"
#include "database.h"

#include <vector>

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

using rocksdb::Slice;
using rocksdb::Status;

struct kg_sst {
  rocksdb::SstFileWriter writer;
  kg_sst(const rocksdb::Options &o, rocksdb::ColumnFamilyHandle *cf) : writer(rocksdb::EnvOptions(), o, cf) {}
};

struct kg_file {
  kg_db *db;
  rocksdb::SstFileReader reader;
  kg_file(kg_db *d, const rocksdb::Options &o) : db(d), reader(o) {}
};

extern "C" {

kg_sst *kg_sst_open(kg_db *d, int family, const char *path, size_t len, kg_result *r) {
  std::unique_ptr<kg_sst> w(new kg_sst(d->db->GetOptions(d->families[family]), d->families[family]));
  const Status s = w->writer.Open(std::string(path, len));
  if (!s.ok()) {
    kg_fail(s, r);
    return nullptr;
  }
  return w.release();
}

void kg_sst_add(kg_sst *w, char *slab, const uint32_t *offsets, uint32_t n, uint64_t version, kg_result *r) {
  version = __builtin_bswap64(version);
  for (uint32_t i = 0; i < n; i++) {
    char *p = slab + offsets[i];
    uint32_t key_len, value_len;
    memcpy(&key_len, p, 4);
    memcpy(&value_len, p + 4, 4);
    p += 8;
    memcpy(p + key_len, &version, kg_version_len);
    const Status s = w->writer.Put(Slice(p, key_len), Slice(p + key_len, kg_version_len + value_len));
    if (!s.ok()) return kg_fail(s, r);
  }
  r->need = w->writer.FileSize();
}

void kg_sst_finish(kg_sst *w, kg_result *r) {
  const Status s = w->writer.Finish();
  if (!s.ok()) kg_fail(s, r);
  delete w;
}

void kg_sst_abort(kg_sst *w) { delete w; }

kg_file *kg_file_open(kg_db *d, int family, const char *path, size_t len, kg_result *r) {
  std::unique_ptr<kg_file> f(new kg_file(d, d->db->GetOptions(d->families[family])));
  const Status s = f->reader.Open(std::string(path, len));
  if (!s.ok()) {
    kg_fail(s, r);
    return nullptr;
  }
  return f.release();
}

void kg_file_close(kg_file *f) { delete f; }

kg_iter *kg_file_iter(kg_file *f, const char *start, size_t start_len, const char *end, size_t end_len, int flags, uint32_t max, char *out,
                      size_t cap, kg_item *items, kg_result *r) {
  return kg_iter_start(
      f->db, [&](const rocksdb::ReadOptions &ro) { return f->reader.NewIterator(ro); }, start, start_len, end, end_len, flags, max, out, cap,
      items, r);
}

void kg_ingest(kg_db *d, const int *families, const char *paths, uint32_t n, kg_result *r) {
  std::vector<rocksdb::IngestExternalFileArg> args;
  for (uint32_t i = 0; i < n; i++) {
    rocksdb::ColumnFamilyHandle *cf = d->families[families[i]];
    if (args.empty() || args.back().column_family != cf) {
      rocksdb::IngestExternalFileArg a;
      a.column_family = cf;
      a.options.move_files = true;
      a.options.write_global_seqno = false; // nothing writes into a file that is already durable
      args.push_back(a);
    }
    args.back().external_files.emplace_back(paths);
    paths += strlen(paths) + 1;
  }
  const Status s = d->db->IngestExternalFiles(args);
  if (!s.ok()) kg_fail(s, r);
}

void kg_set_version(kg_db *d, uint64_t run, uint64_t version) {
  if (run >= kg_db::chunk * kg_db::chunk) return;
  auto &c = d->versions[run / kg_db::chunk];
  std::atomic<uint64_t> *list = c.load();
  if (list == nullptr) {
    list = new std::atomic<uint64_t>[kg_db::chunk]();
    c.store(list, std::memory_order_release);
  }
  list[run % kg_db::chunk].store(version, std::memory_order_release);
}
}
