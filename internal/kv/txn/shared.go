package txn

import (
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// shared is a snapshot kept for others.
type shared struct {
	s    *Store
	mu   sync.Mutex
	snap *snapshot // nil once released
}

// ShareSnapshot keeps the present snapshot.
func (t *Txn) ShareSnapshot() kv.SharedSnapshot {
	t.snap.refs.Add(1)
	return &shared{s: t.s, snap: t.snap}
}

// AdoptSnapshot reads at a shared snapshot from here on.
func (t *Txn) AdoptSnapshot(of kv.SharedSnapshot) error {
	x, ok := of.(*shared)
	if !ok || t.done || x.s != t.s {
		return kv.ErrTxnDone
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.snap == nil {
		return kv.ErrTooOld
	}
	x.snap.refs.Add(1)
	t.s.drop(t.snap)
	t.snap = x.snap
	return nil
}

// Release lets the snapshot go.
func (x *shared) Release() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.snap != nil {
		x.s.drop(x.snap)
		x.snap = nil
	}
}
