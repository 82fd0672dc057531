package txn

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// Prepared transactions live on in memory, with buffer and locks. Beside that each has a record in the store, written before Prepare returns, from which the next run makes it
// again: ranges, writes, locks and change records. The commit of a prepared transaction deletes its record.

// preparedPrefix begins the records' keys; the name follows.
var preparedPrefix = []byte{kv.SpaceMeta, 1, 'x', 'a'}

const recordFormat = 1

func preparedKey(name string) []byte { return append(slices.Clone(preparedPrefix), name...) }

// preparedSet is the prepared transactions of a store.
type preparedSet struct {
	mu  sync.Mutex
	all map[string]*prepared
}

type prepared struct {
	name      string
	data      []byte
	txn       *Txn
	recovered bool
	busy      bool // being prepared or ended
}

func (s *preparedSet) add(p *prepared) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[p.name] != nil {
		return kv.ErrPreparedExists
	}
	if s.all == nil {
		s.all = make(map[string]*prepared)
	}
	s.all[p.name] = p
	return nil
}

func (s *preparedSet) remove(name string) {
	s.mu.Lock()
	delete(s.all, name)
	s.mu.Unlock()
}

// Prepare makes a transaction durable under a name and takes it from its session.
func (s *Store) Prepare(ctx context.Context, of kv.Txn, name string, data []byte) (err error) {
	t, ok := of.(*Txn)
	if !ok || t.done || t.s != s {
		return kv.ErrTxnDone
	}
	p := &prepared{name: name, data: slices.Clone(data), txn: t, busy: true}
	if err := s.prepared.add(p); err != nil {
		t.Rollback()
		return err
	}
	defer func() {
		if err != nil {
			s.prepared.remove(name)
			t.Rollback()
		}
	}()
	if t.serial != nil {
		if err := t.serial.Prepare(); err != nil {
			return err
		}
	}
	for t.cursors != nil {
		t.cursors.Close()
	}
	if err := t.unrun(); err != nil {
		return err
	}
	key := preparedKey(name)
	if err := s.alone(ctx, func(x *Txn) error { return x.Put(key, t.record(data)) }); err != nil {
		return err
	}
	t.options.Session = nil
	t.owner.Detach()
	s.prepared.mu.Lock()
	p.busy = false
	s.prepared.mu.Unlock()
	return nil
}

// alone runs f in a transaction of its own and commits that durably.
func (s *Store) alone(ctx context.Context, f func(x *Txn) error) error {
	b, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer b.Rollback()
	if err := f(b.(*Txn)); err != nil {
		return err
	}
	_, err = b.Commit(ctx)
	return err
}

// Prepared lists the prepared transactions.
func (s *Store) Prepared() (list []kv.Prepared) {
	s.prepared.mu.Lock()
	defer s.prepared.mu.Unlock()
	for _, p := range s.prepared.all {
		if !p.busy {
			list = append(list, p.public())
		}
	}
	slices.SortFunc(list, func(a, b kv.Prepared) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (p *prepared) public() kv.Prepared {
	return kv.Prepared{Name: p.name, Data: p.data, Recovered: p.recovered, OnCommit: p.txn.OnCommit, Writes: p.txn.writes}
}

// writes lists what the transaction has written in a space.
func (t *Txn) writes(space kv.Space, f func(key, value []byte, deleted bool) error) (err error) {
	if t.buf == nil {
		return nil
	}
	t.buf.All(func(key, value []byte, del bool, _ kv.Version) bool {
		if key[0] == space {
			err = f(key, value, del)
		}
		return err == nil
	})
	return err
}

// FinishPrepared ends a prepared transaction.
func (s *Store) FinishPrepared(ctx context.Context, name string, commit bool) (err error) {
	s.prepared.mu.Lock()
	p := s.prepared.all[name]
	switch {
	case p == nil:
		err = kv.ErrPreparedUnknown
	case p.busy:
		err = kv.ErrPreparedBusy
	default:
		p.busy = true
	}
	s.prepared.mu.Unlock()
	if err != nil {
		return err
	}
	t, key := p.txn, preparedKey(name)
	if !commit {
		if err := s.alone(ctx, func(x *Txn) error { return x.Delete(key) }); err != nil {
			s.release(p)
			return err
		}
		t.Rollback()
		s.prepared.remove(name)
		return nil
	}
	if ctx.Err() != nil {
		s.release(p)
		return context.Cause(ctx)
	}
	// The record is newer than the transaction's snapshot; the lock on its key says that nobody else can have changed it.
	t.owner.TryAcquire(key, kv.ForUpdate)
	t.options.NoSync = false
	if err := t.Delete(key); err != nil {
		s.release(p)
		return err
	}
	if _, err := t.Commit(context.WithoutCancel(ctx)); err != nil {
		// It is in the store still, and is found there at the next start.
		s.prepared.remove(name)
		return err
	}
	s.prepared.remove(name)
	return nil
}

func (s *Store) release(p *prepared) {
	s.prepared.mu.Lock()
	p.busy = false
	s.prepared.mu.Unlock()
}

// RecoverPrepared makes the transactions of the records again.
func (s *Store) RecoverPrepared(ctx context.Context) ([]kv.Prepared, error) {
	b, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer b.Rollback()
	c, err := b.Scan(ctx, kv.PrefixSpan(preparedPrefix), kv.ScanOptions{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var batch kv.Batch
	for {
		n, err := c.Next(ctx, &batch)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return s.Prepared(), nil
		}
		for i := range n {
			name := string(batch.Key(i)[len(preparedPrefix):])
			if err := s.restore(ctx, name, batch.Value(i)); err != nil {
				return nil, fmt.Errorf("prepared transaction %q: %w", name, err)
			}
		}
	}
}

func (s *Store) restore(ctx context.Context, name string, record []byte) error {
	b, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	t := b.(*Txn)
	p := &prepared{name: name, txn: t, recovered: true}
	serial, data, err := t.replay(record)
	if err != nil {
		t.Rollback()
		return err
	}
	if serial {
		t.serial = s.serial.Restore(func(write func(key []byte)) {
			t.buf.All(func(key, _ []byte, _ bool, _ kv.Version) bool { write(key); return true })
		})
	}
	p.data = data
	return s.prepared.add(p)
}

// record is the stored form.
func (t *Txn) record(data []byte) []byte {
	r := []byte{recordFormat, 0}
	if t.serial != nil {
		r[1] = 1
	}
	field := func(b []byte) { r = append(binary.AppendUvarint(r, uint64(len(b))), b...) }
	field(data)
	var ranges, writes, locks []byte
	part := func(list *[]byte, kind byte, fields ...[]byte) {
		*list = append(*list, kind)
		for _, b := range fields {
			*list = append(binary.AppendUvarint(*list, uint64(len(b))), b...)
		}
	}
	if t.buf != nil {
		t.buf.Ranges(func(start, end []byte) { part(&ranges, 0, start, end) })
		t.buf.All(func(key, value []byte, del bool, _ kv.Version) bool {
			if del {
				part(&writes, 1, key, nil)
			} else {
				part(&writes, 0, key, value)
			}
			return true
		})
	}
	t.owner.Each(func(key []byte, mode kv.LockMode) { part(&locks, byte(mode), key, nil) })
	field(ranges)
	field(writes)
	field(locks)
	var records []byte
	for _, x := range t.emitted.records() {
		part(&records, 0, x, nil)
	}
	field(records)
	return r
}

// replay does what a record says.
func (t *Txn) replay(r []byte) (serial bool, data []byte, err error) {
	if len(r) < 2 || r[0] != recordFormat {
		return false, nil, kv.ErrNewerFormat
	}
	serial = r[1] == 1
	r = r[2:]
	field := func() []byte {
		n, k := binary.Uvarint(r)
		if k <= 0 || n > uint64(len(r)-k) {
			err = kv.ErrCorrupt
			return nil
		}
		b := r[k : k+int(n)]
		r = r[k+int(n):]
		return b
	}
	data = bytes.Clone(field())
	each := func(f func(kind byte, a, b []byte) error) {
		list := field()
		rest := r
		for r = list; len(r) > 0 && err == nil; {
			kind := r[0]
			r = r[1:]
			a, b := field(), field()
			if err == nil {
				err = f(kind, a, b)
			}
		}
		r = rest
	}
	each(func(_ byte, start, end []byte) error { return t.DeleteRange(kv.Span{Start: start, End: end}) })
	each(func(kind byte, key, value []byte) error {
		if kind == 1 {
			return t.Delete(key)
		}
		return t.Put(key, value)
	})
	each(func(kind byte, key, _ []byte) error {
		if !t.owner.TryAcquire(key, kv.LockMode(kind)) {
			return kv.ErrLocked
		}
		return nil
	})
	each(func(_ byte, record, _ []byte) error { t.Emit(record); return nil })
	return serial, data, err
}
