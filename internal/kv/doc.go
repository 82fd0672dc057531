// Package kv is the seam between kalampg's two storage layers (catalog and userdata) and a storage engine.
//
// It is a leaf: it knows no SQL, no types and no engine. An engine is one package below it (rocks, mem, later tikv) that
// passes the conformance suite in kvtest. The engines that live inside this process share their transactions (package txn), with
// their write buffers (writebuf), locks (lock) and change feed (feed).
//
// # Model
//
// A Store is an ordered map from byte keys to byte values with multi-version snapshots. Every committed transaction has a
// Version; versions grow in commit order, one per transaction, and a value carries the version of the transaction that wrote it.
// A Txn reads one snapshot (all commits up to a version, none after) plus its own writes, and buffers its writes until Commit.
//
// # Conflicts
//
// Writers take a row lock on a key before they write it (Txn.Lock). Having it, they compare the version that their snapshot
// shows with the newest committed one (GetOptions.Latest): equal means that nobody came between. A caller at READ COMMITTED that finds a
// newer one looks again at the new value; at REPEATABLE READ it gives up with ErrConflict. An engine additionally refuses at Commit
// a write to a key which it did not lock and which changed after the snapshot (first committer wins).
//
// # Keys
//
// The first byte of a key names its Space; an engine may keep spaces apart (RocksDB column families). Spans never cross spaces.
//
// # Batches
//
// Calls are batch-shaped because each may cost a cgo crossing (tens of nanoseconds) or a network round trip (a millisecond). The
// caller owns the Batch and reuses it; its bytes are valid until the next call that fills it.
package kv
