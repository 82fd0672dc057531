// Package rocks is the embedded storage engine on RocksDB, and the only package that knows RocksDB.
//
// # Layout of a data directory
//
// RocksDB's own files, the commit log in commitlog, and kalampg.lock, which a running store holds locked and which names its process. The keys of a space lie in a
// column family of their own (catalog, rows, index; meta is RocksDB's default family), so that each is flushed and compacted by itself.
// The keys keep their space byte. Every value begins with eight bytes, big-endian: the version of the commit that wrote it.
//
// # Commits
//
// RocksDB's own log is off. A group of commits is written to the commit log (package commitlog) as serialised write batches, synced, and then applied to
// RocksDB's memory in the same order; the same log is the change feed's history. Every group writes the version it comes to under an engine key. Tables are written
// for all families as of one moment (atomic flush), so the tables say themselves from where on the log has to be replayed; replay is idempotent. What the tables
// have, the log may forget, beyond what the feed's retention keeps. When RocksDB refuses a group that was logged, the group is taken out of the log again.
//
// The log is not written while the group before is applied: applying takes some microseconds a row, syncing a hundred or more a group, and a
// commit must be both before it is acknowledged, since its session has to see it.
//
// # Rows by key
//
// A Get of a row or an index entry is answered by a cache outside RocksDB (package rowcache) when the snapshot is new enough, which costs a tenth of RocksDB's Get.
//
// # Runs
//
// What a transaction loads in bulk it writes to table files in the directory ingest (package bulk), syncs them, and reads its own from there. The commit's log record names the files, which RocksDB
// then takes without copying them; a crash in between repeats that from the record, and files that no record names are removed at the next start. The values in a file cannot carry the
// version of a commit that is still to come, so they carry the number of their run, and an engine key gives the run its version.
//
// # Crossing into C++
//
// A call from Go to C costs some 40 ns, and grocksdb needs several for a row. So opening, flushing, checkpoints and properties go through grocksdb,
// while reads and writes go through helper.cc: a Get of any number of keys, a Seek with its first rows, a thousand rows of a scan, or the
// write of a group of commits is one call, and what is read goes straight into the caller's kv.Batch. The helper takes the
// native handles out of grocksdb's structs, which have no accessor; native_test.go asserts that they still look that way.
//
// Transactions, locks, commit groups and the change feed are in package txn.
package rocks
