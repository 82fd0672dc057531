package userdata

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/userdata/keys"
)

// Service is what rows need beyond one table: identifiers for rows without a primary key.
type Service struct {
	store   kv.Store
	columns columnCache

	mu        sync.Mutex
	next, end uint64
}

// New makes the service over a store.
func New(store kv.Store) *Service {
	s := &Service{store: store}
	s.columns.watcher, _ = store.(kv.Watcher)
	return s
}

// SetColumnCache sets how many bytes of columns that scans have read are kept for the next ones; a new service keeps none.
func (s *Service) SetColumnCache(bytes int64) { s.columns.limit.Store(bytes) }

// Forget drops what is kept in memory of a storage id whose rows are gone for good.
func (s *Service) Forget(id uint64) { s.columns.drop(keys.AppendStorage(nil, kv.SpaceRows, id)) }

// rowIDLease is how many row ids are reserved at once; a crash loses the rest of a lease, never repeats one.
const rowIDLease = 1 << 16

var rowIDKey = []byte{kv.SpaceMeta, 'r', 'o', 'w', 'i', 'd'}

// RowID gives the next hidden row id. Ids grow, so rows without a primary key lie in the order of their insertion.
func (s *Service) RowID(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.end {
		if err := s.lease(ctx); err != nil {
			return 0, err
		}
	}
	s.next++
	return s.next, nil
}

func (s *Service) lease(ctx context.Context) error {
	t, err := s.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer t.Rollback()
	var b kv.Batch
	if err := t.Lock(ctx, [][]byte{rowIDKey}, kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
		return err
	}
	if err := t.Get(ctx, [][]byte{rowIDKey}, &b, kv.GetOptions{Latest: true}); err != nil {
		return err
	}
	var at uint64
	if b.Found(0) {
		at = binary.BigEndian.Uint64(b.Value(0))
	}
	if err := t.Put(rowIDKey, binary.BigEndian.AppendUint64(nil, at+rowIDLease)); err != nil {
		return err
	}
	if _, err := t.Commit(ctx); err != nil {
		return err
	}
	s.next, s.end = at, at+rowIDLease
	return nil
}

// Access is a transaction's way to rows: used by one goroutine, reused from statement to statement.
type Access struct {
	Service *Service
	Txn     kv.Txn

	Scope     string // whose rows, in user and stream tables
	AllScopes bool   // read every scope (kalam.all_users)

	Now            int64 // start of the transaction, microseconds since 2000: what _updated will say
	RepeatableRead bool  // a row that changed after the snapshot is a conflict (40001), not looked at again
	LockTimeout    time.Duration
	HardDelete     bool      // kalam.hard_delete: deleted rows are not kept
	NoFeed         bool      // write no change records
	AsOf           kv.Moment // rows are read as of it: a statement does not see its own changes
	Tally          *Tally    // counts the rows that are changed; nil: nobody does
	Exclusive      bool      // nobody else can reach the storage written to (an index being built, a table being rewritten): its keys need no locks

	Load *Load // takes the rows that are inserted into its table
	// Recheck is asked to look at rows of a deferrable key again later; nil: they are looked at at once.
	Recheck Recheck

	key, other []byte // scratch
	one        [1][]byte
	batch      kv.Batch // of look-ups
	locked     kv.Batch // of rows read under their lock
	skipped    [1]bool
	value      []byte
	change     []byte
	written    []byte
}

// Written is the key of the row that the last Insert or Update has put, good until the next one.
func (a *Access) Written() []byte { return a.written }

// Like makes a the same way to rows as b, with scratch space of its own: two programs of one transaction can run interleaved, each under the scope
// that it began with.
func (a *Access) Like(b *Access) {
	a.Service, a.Txn, a.Scope, a.AllScopes = b.Service, b.Txn, b.Scope, b.AllScopes
	a.Now, a.RepeatableRead, a.LockTimeout, a.HardDelete, a.NoFeed, a.Tally, a.Load = b.Now, b.RepeatableRead, b.LockTimeout, b.HardDelete, b.NoFeed, b.Tally, b.Load
}

// get looks one key up.
func (a *Access) get(ctx context.Context, into *kv.Batch, key []byte, latest bool) error {
	a.one[0] = key
	return a.Txn.Get(ctx, a.one[:], into, kv.GetOptions{Latest: latest, AsOf: a.asOf(latest)})
}

// asOf is the moment as of which rows are read: the newest state has all changes in it.
func (a *Access) asOf(latest bool) kv.Moment {
	if latest {
		return 0
	}
	return a.AsOf
}

// lockKey takes one key's lock.
func (a *Access) lockKey(ctx context.Context, key []byte, mode kv.LockMode) error {
	if a.Exclusive {
		return nil
	}
	a.one[0] = key
	return a.Txn.Lock(ctx, a.one[:], kv.LockOptions{Mode: mode, Timeout: a.LockTimeout})
}

// taken is the error of a key that cannot be written because it is there: serr if a serialisable transaction would fail by writing it, which explains the
// duplicate better than the duplicate itself, and else err.
func (a *Access) taken(key []byte, err error) error {
	if s, ok := a.Txn.(kv.Serializer); ok {
		if serr := s.WouldWrite(key); serr != nil {
			return serr
		}
	}
	return err
}
