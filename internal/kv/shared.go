package kv

// SnapshotSharer is a power of transactions whose snapshot others can read at, found by assertion.
type SnapshotSharer interface {
	// ShareSnapshot keeps the transaction's present snapshot for others, until it is released.
	ShareSnapshot() SharedSnapshot
	// AdoptSnapshot makes a shared one the transaction's snapshot. It comes before the first read and write.
	AdoptSnapshot(SharedSnapshot) error
}

// SharedSnapshot is a snapshot of a store. It is safe for concurrent use; adopting fails once it was released.
type SharedSnapshot interface{ Release() }
