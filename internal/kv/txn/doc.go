// Package txn builds kv.Store and kv.Txn on an embedded engine: everything that is the same for every engine which lives inside this
// process. An Engine below it (rocks, mem) only reads at a snapshot and applies groups of commits.
//
// # A transaction
//
// Begin pins the newest published snapshot; taking it is counting a reference. Reads go to the write buffer first (package writebuf),
// then to the engine at that snapshot; a cursor merges both. Locks are taken from the store's lock manager (package lock) by an owner
// inside the transaction. Nothing but locks is shared before Commit.
//
// # A commit
//
//  1. The committing goroutine encodes its writes into the engine's form (Engine.Prepare) and queues itself. If nobody is committing, it
//     commits its own transaction at once; else the committer goroutine takes everything that is queued as one group.
//  2. For each transaction of the group: keys that it did not lock must not have changed since it first wrote them (first committer
//     wins). A table of recent versions by key hash clears nearly all keys without a read; only a key which it cannot clear is
//     looked up. A transaction that may depend on an earlier one of the same group waits for the next group.
//  3. Each gets its version, the engine applies the group in one write, synced when any of them asked for it.
//  4. OnCommit functions run in commit order, then the new snapshot is published in one step, then the change feed gets the
//     records, then everybody is woken. Locks are released by their owners after that, so whoever gets a lock next sees the commit.
//
// What Ingest took lies in sorted runs below the write buffer (package bulk); the engine takes the runs of a commit before its other writes.
//
// A failed write ends commits for good (kv.ErrBroken), because what is on disk is then unknown, except for kv.ErrDiskFull, after
// which the engine says whether it can go on. Reads continue in both cases.
//
// # Serialisable and prepared transactions
//
// Serialize has a transaction watched by package ssi: its reads, its writes, its commit and its end pass through it. Prepare stores a transaction with its locks (file prepared.go) and
// takes it from its session.
package txn
