package txn

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/ssi"
)

// Serialize takes the transaction's snapshot and has it watched (package ssi).
func (t *Txn) Serialize(ctx context.Context, o kv.SerializeOptions) error {
	if t.done {
		return kv.ErrTxnDone
	}
	var failed error
	snapshot := func() kv.Version {
		failed = t.NewStatement(ctx)
		return t.Snapshot()
	}
	options := ssi.Options{Owner: t.owner.Tag(), ReadOnly: o.ReadOnly}
	if o.ReadOnly && o.Deferrable {
		if err := t.s.serial.BeginDeferrable(ctx, options, snapshot, o.Waiting); err != nil {
			return err
		}
		return failed
	}
	t.serial = t.s.serial.Begin(options, snapshot)
	return failed
}

// WouldWrite looks for a serialisation failure.
func (t *Txn) WouldWrite(key []byte) error {
	if t.serial == nil {
		return nil
	}
	return t.serial.WouldWrite(key)
}

// SnapshotBlockers lists whom a deferrable transaction waits for.
func (s *Store) SnapshotBlockers(owner uint64) []uint64 { return s.serial.Blocking(owner) }

// prepareSerial is the last check before the commit of a serialisable transaction.
func (t *Txn) prepareSerial() error {
	if err := t.serial.Prepare(); err != nil {
		return err
	}
	if t.Written() {
		t.hooks = append(t.hooks, t.serial.Committing)
	}
	return nil
}

// spanRead is what the cursor of a serialisable transaction has read so far.
type spanRead struct {
	serial  *ssi.Txn
	span    kv.Span // what is still to read
	reverse bool
	seen    ssi.Range
}

// advance notes the n items of a batch and the gaps before them as read; at the end of the cursor, with n = 0, all that is left.
func (r *spanRead) advance(b *kv.Batch, n int) error {
	read := r.span
	switch {
	case n == 0:
		r.span.Start = r.span.End
	case r.reverse:
		read.Start = append([]byte(nil), b.Key(n-1)...)
		r.span.End = read.Start
	default:
		read.End = append(append([]byte(nil), b.Key(n-1)...), 0)
		r.span.Start = read.End
	}
	return r.serial.ReadRange(&r.seen, read)
}
