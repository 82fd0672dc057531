package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

// Open opens a store on dir; opening the same dir again after Close finds what was committed.
type Open func(t *testing.T, dir string) kv.Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *env)
	}{
		{"ReadYourWrites", testReadYourWrites},
		{"Moments", testMoments},
		{"SnapshotIsolation", testSnapshotIsolation},
		{"OldSnapshots", testOldSnapshots},
		{"NewStatement", testNewStatement},
		{"Latest", testLatest},
		{"Unchanged", testUnchanged},
		{"Versions", testVersions},
		{"Conflicts", testConflicts},
		{"ConflictAfterDelete", testConflictAfterDelete},
		{"LockedKeysDoNotConflict", testLockedKeysDoNotConflict},
		{"ConflictAcrossStatements", testConflictAcrossStatements},
		{"GuardedWrites", testGuardedWrites},
		{"LargeTransactionConflict", testLargeTransactionConflict},
		{"ReadOnly", testReadOnly},
		{"EndedTransaction", testEndedTransaction},
		{"ReusedTransaction", testReusedTransaction},
		{"CallerOwnsItsMemory", testCallerOwnsItsMemory},
		{"EmptyAndLargeValues", testEmptyAndLargeValues},
		{"BatchedGet", testBatchedGet},
		{"Spaces", testSpaces},
		{"Savepoints", testSavepoints},
		{"SavepointsAndEmit", testSavepointsAndEmit},
		{"Scan", testScan},
		{"ScanLong", testScanLong},
		{"CursorUnderWrites", testCursorUnderWrites},
		{"CursorAfterNewStatement", testCursorAfterNewStatement},
		{"CursorOutlivesTransaction", testCursorOutlivesTransaction},
		{"DeleteRange", testDeleteRange},
		{"LockModes", testLockModes},
		{"LockWaits", testLockWaits},
		{"LockNoWaitSkipTimeout", testLockNoWaitSkipTimeout},
		{"LockContext", testLockContext},
		{"Deadlock", testDeadlock},
		{"LockCounter", testLockCounter},
		{"SavepointLocks", testSavepointLocks},
		{"LockSessions", testLockSessions},
		{"OnCommit", testOnCommit},
		{"Feed", testFeed},
		{"FeedFollows", testFeedFollows},
		{"FeedBehindMemory", testFeedBehindMemory},
		{"FeedAfterReopen", testFeedAfterReopen},
		{"ConcurrentCommits", testConcurrentCommits},
		{"ConcurrentSnapshots", testConcurrentSnapshots},
		{"Close", testClose},
		{"Reopen", testReopen},
		{"LargeTransaction", testLargeTransaction},
		{"Ingest", testIngest},
		{"IngestInTransaction", testIngestInTransaction},
		{"IngestDuplicates", testIngestDuplicates},
		{"IngestWatched", testIngestWatched},
		{"IngestPrepared", testIngestPrepared},
		{"WriteSkew", testWriteSkew},
		{"Phantoms", testPhantoms},
		{"ReadAfterCommit", testReadAfterCommit},
		{"ReadOnlyAnomaly", testReadOnlyAnomaly},
		{"Deferrable", testDeferrable},
		{"SerialRandom", testSerialRandom},
		{"Prepared", testPrepared},
		{"PreparedSerial", testPreparedSerial},
		{"Random", testRandom},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &env{t: t, open: open, dir: t.TempDir()}
			e.Store = open(t, e.dir)
			t.Cleanup(func() { e.Store.Close() })
			c.test(t, e)
		})
	}
}

var bg = context.Background()

// env is a store under test with short forms; whatever they do must succeed.
type env struct {
	kv.Store
	t    *testing.T
	open Open
	dir  string
}

func (e *env) reopen() {
	e.t.Helper()
	if err := e.Store.Close(); err != nil {
		e.t.Fatal("close:", err)
	}
	e.Store = e.open(e.t, e.dir)
}

// txn is a transaction with short forms.
type txn struct {
	kv.Txn
	t *testing.T
}

func (e *env) begin() *txn { return e.beginWith(kv.TxnOptions{}) }

func (e *env) beginWith(o kv.TxnOptions) *txn {
	e.t.Helper()
	t, err := e.Begin(bg, o)
	if err != nil {
		e.t.Fatal("begin:", err)
	}
	e.t.Cleanup(t.Rollback)
	return &txn{t, e.t}
}

// commit runs "key=value" and "-key" items in one transaction.
func (e *env) commit(items ...string) kv.Version {
	e.t.Helper()
	t := e.begin()
	t.write(items...)
	return t.commit()
}

func row(k string) []byte { return append([]byte{kv.SpaceRows}, k...) }

func rows(from, to string) kv.Span { return kv.Span{Start: row(from), End: row(to)} }

func (t *txn) write(items ...string) {
	t.t.Helper()
	for _, it := range items {
		var err error
		if k, ok := strings.CutPrefix(it, "-"); ok {
			err = t.Delete(row(k))
		} else {
			k, v, _ := strings.Cut(it, "=")
			err = t.Put(row(k), []byte(v))
		}
		if err != nil {
			t.t.Fatal(it, err)
		}
	}
}

func (t *txn) commit() kv.Version {
	t.t.Helper()
	v, err := t.Commit(bg)
	if err != nil {
		t.t.Fatal("commit:", err)
	}
	return v
}

func (t *txn) get(k string, o kv.GetOptions) (value string, v kv.Version, found bool) {
	t.t.Helper()
	var b kv.Batch
	if err := t.Get(bg, [][]byte{row(k)}, &b, o); err != nil {
		t.t.Fatal("get:", err)
	}
	if b.Len() != 1 || !bytes.Equal(b.Key(0), row(k)) {
		t.t.Fatalf("get %q: %d items", k, b.Len())
	}
	if !b.Found(0) && (b.Version(0) != 0 || len(b.Value(0)) != 0) {
		t.t.Fatalf("a missing item has version %d, value %q", b.Version(0), b.Value(0))
	}
	return string(b.Value(0)), b.Version(0), b.Found(0)
}

// see checks "key=value" and "-key" items against what t reads.
func (t *txn) see(items ...string) {
	t.t.Helper()
	for _, it := range items {
		k, want, exists := strings.Cut(it, "=")
		k = strings.TrimPrefix(k, "-")
		got, _, found := t.get(k, kv.GetOptions{})
		if found != exists || got != want {
			t.t.Errorf("%q: found %v, value %q; want %s", k, found, got, it)
		}
	}
}

func (t *txn) cursor(s kv.Span, o kv.ScanOptions) kv.Cursor {
	t.t.Helper()
	c, err := t.Scan(bg, s, o)
	if err != nil {
		t.t.Fatal("scan:", err)
	}
	t.t.Cleanup(c.Close)
	return c
}

// rest reads a cursor to its end: "a=1 b=2".
func (t *txn) rest(c kv.Cursor) string {
	t.t.Helper()
	var b kv.Batch
	var out []string
	for {
		n, err := c.Next(bg, &b)
		if err != nil {
			t.t.Fatal("next:", err)
		}
		if n != b.Len() {
			t.t.Fatalf("next: n = %d, batch has %d", n, b.Len())
		}
		if n == 0 {
			break
		}
		for i := range n {
			if !b.Found(i) || b.Version(i) == 0 {
				t.t.Errorf("item %q: found %v, version %d", b.Key(i), b.Found(i), b.Version(i))
			}
			out = append(out, fmt.Sprintf("%s=%s", b.Key(i)[1:], b.Value(i)))
		}
	}
	if n, err := c.Next(bg, &b); n != 0 || err != nil {
		t.t.Error("the end does not stay the end:", n, err)
	}
	c.Close()
	c.Close()
	return strings.Join(out, " ")
}

func (t *txn) scan(from, to string) string {
	t.t.Helper()
	return t.rest(t.cursor(rows(from, to), kv.ScanOptions{}))
}

func (t *txn) lock(mode kv.LockMode, keys ...string) {
	t.t.Helper()
	if err := t.tryLock(kv.LockOptions{Mode: mode}, keys...); err != nil {
		t.t.Fatal("lock:", keys, err)
	}
}

func (t *txn) tryLock(o kv.LockOptions, keys ...string) error {
	var list [][]byte
	for _, k := range keys {
		list = append(list, row(k))
	}
	return t.Lock(bg, list, o)
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}
