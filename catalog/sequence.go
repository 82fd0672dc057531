package catalog

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// logAhead is how many values one durable write makes available (PostgreSQL's SEQ_LOG_VALS). A crash skips what was left of them.
const logAhead = 32

// Sequences gives out sequences' values, outside of transactions: a value once given is never given again, whatever becomes of the transaction
// that asked.
//
// What is stored is a state that lies up to logAhead values ahead, written durably before the first of those values is given out; the exact
// state is in memory. A sequence that was never asked has nothing stored: it stands where its descriptor says that its storage id began.
// So TRUNCATE … RESTART IDENTITY and ALTER SEQUENCE are transactional: they give the sequence a new storage id in its descriptor.
type Sequences struct {
	store kv.Store
	live  sync.Map // storage id → *sequence
}

// sequence is the state in memory of one storage id.
type sequence struct {
	mu     sync.Mutex
	loaded bool
	key    []byte
	state  desc.SequenceState
	ahead  int  // values that may be given out before the next write
	dirty  bool // the stored state is not the exact one
}

func newSequences(store kv.Store) *Sequences { return &Sequences{store: store} }

// open finds a sequence's state, loading it at first use, and returns it locked.
func (s *Sequences) open(ctx context.Context, database OID, r *desc.Relation) (*sequence, error) {
	v, ok := s.live.Load(r.StorageID)
	if !ok {
		key := binary.BigEndian.AppendUint64(appendPrefix(nil, database, kindSequence), r.StorageID)
		v, _ = s.live.LoadOrStore(r.StorageID, &sequence{key: key})
	}
	q := v.(*sequence)
	q.mu.Lock()
	if q.loaded {
		return q, nil
	}
	state, err := s.read(ctx, q.key, r)
	if err != nil {
		q.mu.Unlock()
		return nil, err
	}
	q.state, q.loaded = state, true
	return q, nil
}

func (s *Sequences) read(ctx context.Context, key []byte, r *desc.Relation) (desc.SequenceState, error) {
	t, err := s.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return desc.SequenceState{}, storeError(err)
	}
	defer t.Rollback()
	var b kv.Batch
	if err := t.Get(ctx, [][]byte{key}, &b, kv.GetOptions{Latest: true}); err != nil {
		return desc.SequenceState{}, storeError(err)
	}
	if !b.Found(0) {
		return r.SequenceState, nil
	}
	v := b.Value(0)
	if len(v) != 9 {
		return desc.SequenceState{}, storeError(fmt.Errorf("catalog: state of sequence %d: %w", r.OID, kv.ErrCorrupt))
	}
	return desc.SequenceState{Last: int64(binary.BigEndian.Uint64(v)), Called: v[8] == 1}, nil
}

func (s *Sequences) write(ctx context.Context, key []byte, state desc.SequenceState) error {
	v := binary.BigEndian.AppendUint64(make([]byte, 0, 9), uint64(state.Last))
	called := byte(0)
	if state.Called {
		called = 1
	}
	return inStore(ctx, s.store, func(t kv.Txn) error { return t.Put(key, append(v, called)) })
}

// NextVal advances a sequence and gives its value.
func (s *Sequences) NextVal(ctx context.Context, database OID, r *desc.Relation) (int64, error) {
	q, err := s.open(ctx, database, r)
	if err != nil {
		return 0, err
	}
	defer q.mu.Unlock()
	next, err := following(r, q.state)
	if err != nil {
		return 0, err
	}
	if q.ahead == 0 {
		stored := desc.SequenceState{Last: next, Called: true}
		n := 1
		for ; n < logAhead; n++ {
			v, err := following(r, stored)
			if err != nil || r.SequenceDef.Cycle && (v < stored.Last) == (r.SequenceDef.Increment > 0) {
				break
			}
			stored.Last = v
		}
		if err := s.write(ctx, q.key, stored); err != nil {
			return 0, err
		}
		q.ahead = n
	}
	q.ahead--
	q.state = desc.SequenceState{Last: next, Called: true}
	q.dirty = q.ahead > 0
	return next, nil
}

// following is the value after a state.
func following(r *desc.Relation, s desc.SequenceState) (int64, error) {
	if !s.Called {
		return s.Last, nil
	}
	d := r.SequenceDef
	if d.Increment > 0 {
		if s.Last <= d.Max && uint64(d.Max)-uint64(s.Last) >= uint64(d.Increment) { // cannot overflow, as the sum might
			return s.Last + d.Increment, nil
		}
		if !d.Cycle {
			return 0, pgerr.Newf(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached maximum value of sequence \"%s\" (%d)", r.Name, d.Max)
		}
		return d.Min, nil
	}
	if s.Last >= d.Min && uint64(s.Last)-uint64(d.Min) >= -uint64(d.Increment) {
		return s.Last + d.Increment, nil
	}
	if !d.Cycle {
		return 0, pgerr.Newf(pgerr.SequenceGeneratorLimitExceeded, "nextval: reached minimum value of sequence \"%s\" (%d)", r.Name, d.Min)
	}
	return d.Max, nil
}

// SetVal puts a sequence to a value; called says whether the next value is the one after it.
func (s *Sequences) SetVal(ctx context.Context, database OID, r *desc.Relation, value int64, called bool) error {
	if d := r.SequenceDef; value < d.Min || value > d.Max {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", value, r.Name, d.Min, d.Max)
	}
	q, err := s.open(ctx, database, r)
	if err != nil {
		return err
	}
	defer q.mu.Unlock()
	state := desc.SequenceState{Last: value, Called: called}
	if err := s.write(ctx, q.key, state); err != nil {
		return err
	}
	q.state, q.ahead, q.dirty = state, 0, false
	return nil
}

// State is what SELECT last_value, is_called FROM the sequence shows; ahead is its log_cnt.
func (s *Sequences) State(ctx context.Context, database OID, r *desc.Relation) (state desc.SequenceState, ahead int, err error) {
	q, err := s.open(ctx, database, r)
	if err != nil {
		return state, 0, err
	}
	defer q.mu.Unlock()
	return q.state, q.ahead, nil
}

// replaced forgets the state of a sequence whose storage id is not used any more. What is stored of it goes at the next start.
func (s *Sequences) replaced(old *desc.Relation, next any) {
	if old == nil || old.Kind != desc.Sequence {
		return
	}
	if r, ok := next.(*desc.Relation); !ok || r.StorageID != old.StorageID {
		s.live.Delete(old.StorageID)
	}
}

// flush writes the exact states.
func (s *Sequences) flush(ctx context.Context) error {
	var dirty []*sequence
	s.live.Range(func(_, v any) bool {
		dirty = append(dirty, v.(*sequence))
		return true
	})
	for _, q := range dirty {
		if err := s.flushOne(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sequences) flushOne(ctx context.Context, q *sequence) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.dirty {
		return nil
	}
	if err := s.write(ctx, q.key, q.state); err != nil {
		return err
	}
	q.ahead, q.dirty = 0, false
	return nil
}

// forget removes the stored states whose storage ids belong to no sequence any more.
func (s *Sequences) forget(ctx context.Context, keys [][]byte, known map[uint64]bool) error {
	var gone [][]byte
	for _, k := range keys {
		if len(k) == keyPrefix+8 && !known[binary.BigEndian.Uint64(k[keyPrefix:])] {
			gone = append(gone, k)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return inStore(ctx, s.store, func(t kv.Txn) error {
		for _, k := range gone {
			if err := t.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}
