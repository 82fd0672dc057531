package kv

import "context"

// Serializer is a power of transactions whose store can make them serialisable, found by assertion.
type Serializer interface {
	// Serialize takes the transaction's snapshot, its only one from here on, and has the transaction watched: its reads, writes and commit may now end with
	// a *SerializationError. It comes before the first read and write.
	Serialize(ctx context.Context, o SerializeOptions) error
	// WouldWrite looks for a serialisation failure that a write of key would be, when the key cannot be written for another reason.
	WouldWrite(key []byte) error
}

// SerializeOptions refines Serialize.
type SerializeOptions struct {
	ReadOnly   bool   // the transaction will not write, which the caller sees to
	Deferrable bool   // with ReadOnly: wait for a snapshot with which it can neither fail nor make others fail
	Waiting    func() // called before each such wait
}

// SerializationError ends a serialisable transaction whose commit together with others' could have no serial order. Trying again may succeed.
type SerializationError struct {
	Reason string // which rule ended it, in PostgreSQL's words after "Reason code: Canceled on "
}

func (e *SerializationError) Error() string { return "kv: not serialisable: " + e.Reason }

// SafeSnapshots is a power of stores with Serializers: who a deferrable transaction waits for.
type SafeSnapshots interface {
	// SnapshotBlockers lists the owners (as given to NewLockSession) of the transactions that a waiting one's owner waits for.
	SnapshotBlockers(owner uint64) []uint64
}
