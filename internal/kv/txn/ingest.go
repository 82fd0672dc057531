package txn

import (
	"bytes"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
)

// Ingest begins to take new pairs of a span (kv.Ingester).
func (t *Txn) Ingest(span kv.Span) (kv.Ingest, error) {
	if err := t.writing(); err != nil {
		return nil, err
	}
	engine, ok := t.s.engine.(Bulk)
	if !ok || t.serial != nil || len(span.Start) == 0 {
		return nil, kv.ErrUnsuitable
	}
	if _, own := t.buf.View(span, 0); own {
		return nil, kv.ErrUnsuitable // runs lie below the buffer
	}
	skip := 0
	for skip < len(span.Start) && skip < len(span.End) && span.Start[skip] == span.End[skip] {
		skip++
	}
	open := func() (w bulk.Writer, err error) {
		err = t.s.Use(func() error {
			w, err = engine.NewRun(span.Start[0])
			return err
		})
		return w, err
	}
	return &ingest{t: t, sorter: bulk.NewSorter(skip, open)}, nil
}

// ingest implements kv.Ingest.
type ingest struct {
	t      *Txn
	sorter *bulk.Sorter
	ended  bool
}

// Add takes a pair.
func (i *ingest) Add(key, value []byte) error {
	if i.t.done || i.ended {
		return kv.ErrTxnDone
	}
	return i.sorter.Add(key, value)
}

// Finish makes the pairs part of the transaction: as a run, or in the write buffer when they are few.
func (i *ingest) Finish() error {
	if i.t.done || i.ended {
		return kv.ErrTxnDone
	}
	i.ended = true
	t := i.t
	before := t.buf.Mark()
	runs, err := i.sorter.Finish(t.Put)
	if err != nil {
		t.buf.RollbackTo(before)
		return err
	}
	t.runs = append(t.runs, runs...)
	return nil
}

// Cancel drops the pairs.
func (i *ingest) Cancel() {
	if !i.ended {
		i.ended = true
		i.sorter.Cancel()
	}
}

// get reads keys below the buffer: in the transaction's runs, and in the engine.
func (t *Txn) get(snap *snapshot, keys [][]byte, into *kv.Batch) error {
	if len(t.runs) == 0 {
		return t.s.engine.Get(snap.engine, keys, into)
	}
	for i := range keys {
		found := false
		for _, r := range t.runs {
			b := r.Bounds()
			if bytes.Compare(keys[i], b.Start) < 0 || bytes.Compare(keys[i], b.End) >= 0 {
				continue
			}
			var err error
			if found, err = r.Get(keys[i], into); err != nil {
				return err
			}
			if found {
				break
			}
		}
		if !found {
			if err := t.s.engine.Get(snap.engine, keys[i:i+1], into); err != nil {
				return err
			}
		}
	}
	return nil
}

// iter reads a span below the buffer.
func (t *Txn) iter(snap *snapshot, span kv.Span, o kv.ScanOptions) (Iter, error) {
	it, err := t.s.engine.Iter(snap.engine, span, o)
	if err != nil || len(t.runs) == 0 {
		return it, err
	}
	for _, r := range t.runs {
		b := r.Bounds()
		if bytes.Compare(b.Start, span.End) >= 0 || bytes.Compare(span.Start, b.End) >= 0 {
			continue
		}
		own, err := r.Iter(span, o)
		if err != nil {
			it.Close()
			return nil, err
		}
		it = &union{a: side{it: it}, b: side{it: own}, reverse: o.Reverse}
	}
	return it, nil
}

// union reads two iterators as one. They have no key in common.
type union struct {
	a, b    side
	reverse bool
}

// side is what was read of one iterator.
type side struct {
	it    Iter
	batch kv.Batch
	at    int
	ended bool
}

// ready makes sure that there is an item, or the end.
func (s *side) ready() error {
	if s.ended || s.at < s.batch.Len() {
		return nil
	}
	n, err := s.it.Next(&s.batch)
	s.at, s.ended = 0, n == 0
	return err
}

func (s *side) move(into *kv.Batch) {
	into.Append(s.batch.Key(s.at), s.batch.Value(s.at), s.batch.Version(s.at))
	s.at++
}

// Next fills the batch from both.
func (u *union) Next(into *kv.Batch) (int, error) {
	into.Reset()
	for into.Len() < mergeRows {
		if err := u.a.ready(); err != nil {
			return 0, err
		}
		if err := u.b.ready(); err != nil {
			return 0, err
		}
		switch {
		case u.a.ended && u.b.ended:
			return into.Len(), nil
		case u.a.ended:
			u.b.move(into)
		case u.b.ended:
			u.a.move(into)
		case (bytes.Compare(u.a.batch.Key(u.a.at), u.b.batch.Key(u.b.at)) < 0) != u.reverse:
			u.a.move(into)
		default:
			u.b.move(into)
		}
	}
	return into.Len(), nil
}

// Close closes both.
func (u *union) Close() {
	u.a.it.Close()
	u.b.it.Close()
}

// unrun moves the pairs of the runs into the buffer, below what it says about them: a prepared transaction is stored as a whole.
func (t *Txn) unrun() error {
	for _, r := range t.runs {
		it, err := r.Iter(r.Bounds(), kv.ScanOptions{})
		if err != nil {
			return err
		}
		err = t.putAll(it)
		it.Close()
		if err != nil {
			return err
		}
	}
	t.dropRuns(0)
	return nil
}

func (t *Txn) putAll(it Iter) error {
	var b kv.Batch
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return err
		}
		for i := range n {
			if _, _, known := t.buf.Get(b.Key(i), 0); known {
				continue
			}
			if err := t.Put(b.Key(i), b.Value(i)); err != nil {
				return err
			}
		}
	}
}

// dropRuns gives up the runs from the n-th on.
func (t *Txn) dropRuns(n int) {
	for _, r := range t.runs[n:] {
		r.Drop()
	}
	clear(t.runs[n:])
	t.runs = t.runs[:n]
}
