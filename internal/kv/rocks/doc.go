// Package rocks is the embedded storage engine on RocksDB, and the only package that knows RocksDB.
//
// # Layout of a data directory
//
// RocksDB's own files, and kalampg.lock, which a running store holds locked and which names its process. The keys of a space lie in a
// column family of their own (catalog, rows, index; meta is RocksDB's default family), so that each is flushed and compacted by itself.
// The keys keep their space byte. Every value begins with eight bytes, big-endian: the version of the commit that wrote it.
//
// # Versions
//
// A commit's version is the RocksDB sequence number of its last operation. Sequence numbers are what RocksDB itself orders and recovers
// by, so versions survive a crash without being written anywhere, and a RocksDB snapshot is by construction the snapshot of a version.
// The engine is the only writer and so knows the numbers before it writes; Apply checks that they came out as expected.
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
