package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// serial begins a serialisable transaction, or skips the test on a store without them.
func (e *env) serial(o kv.SerializeOptions) *txn {
	e.t.Helper()
	t := e.begin()
	s, ok := t.Txn.(kv.Serializer)
	if !ok {
		e.t.Skip("no serialisable transactions")
	}
	if err := s.Serialize(bg, o); err != nil {
		e.t.Fatal("serialize:", err)
	}
	return t
}

func wantSerialization(t *testing.T, what string, err error) {
	t.Helper()
	var s *kv.SerializationError
	if !errors.As(err, &s) {
		t.Errorf("%s: got %v, want a serialisation failure", what, err)
	}
}

func (t *txn) tryCommit() error {
	_, err := t.Commit(bg)
	return err
}

func testWriteSkew(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x, y := e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
	x.see("a=1", "b=1")
	y.see("a=1", "b=1")
	x.write("a=0")
	y.write("b=0")
	x.commit()
	wantSerialization(t, "the second", y.tryCommit())
	e.begin().see("a=0", "b=1")
	z := e.serial(kv.SerializeOptions{})
	z.see("a=0", "b=1")
	z.write("b=2")
	z.commit()
}

// Who has read a gap conflicts with who fills it.
func testPhantoms(t *testing.T, e *env) {
	for _, reverse := range []bool{false, true} {
		e.commit("-b", "-y", "-e", "c=1")
		x, y := e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
		equal(t, "scan", x.rest(x.cursor(rows("a", "f"), kv.ScanOptions{Reverse: reverse})), "c=1")
		equal(t, "scan", y.rest(y.cursor(rows("x", "z"), kv.ScanOptions{Reverse: reverse})), "")
		x.write("y=1")
		y.write("e=1")
		y.commit()
		wantSerialization(t, "phantom", x.tryCommit())
	}
	// What a cursor has not come to is not read.
	e.commit("-y", "-e")
	x, y := e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
	x.scan("a", "d")
	y.see("-y")
	x.write("y=1")
	y.write("e=2")
	y.commit()
	x.commit()
}

// The second writes, the first reads the old state after the second has committed.
func testReadAfterCommit(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x, y := e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
	x.see("a=1")
	y.see("b=1")
	y.write("a=2")
	y.commit()
	x.see("b=1")
	wantSerialization(t, "the pivot", x.Put(row("b"), []byte("2")))
}

// The anomaly of Fekete, O'Neil and O'Neil that only the read-only transaction sees, and that the writers alone would not have.
func testReadOnlyAnomaly(t *testing.T, e *env) {
	start := func() (x, y *txn) {
		e.commit("checking=0", "saving=0")
		x, y = e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
		x.see("checking=0", "saving=0")
		y.see("saving=0")
		y.write("saving=20")
		y.commit()
		return x, y
	}
	x, _ := start()
	x.write("checking=-11")
	x.commit()

	x, _ = start()
	r := e.serial(kv.SerializeOptions{ReadOnly: true})
	r.see("checking=0", "saving=20")
	r.commit()
	err := x.Put(row("checking"), []byte("-11"))
	if err == nil {
		err = x.tryCommit()
	}
	wantSerialization(t, "the writer", err)
}

// A deferrable transaction waits for a safe snapshot and then cannot fail nor make others fail.
func testDeferrable(t *testing.T, e *env) {
	e.commit("checking=0", "saving=0")
	x, y := e.serial(kv.SerializeOptions{}), e.serial(kv.SerializeOptions{})
	x.see("checking=0", "saving=0")
	y.see("saving=0")
	y.write("saving=20")
	y.commit()
	waits, got := make(chan struct{}, 4), make(chan error)
	r := e.begin()
	s := r.Txn.(kv.Serializer)
	go func() {
		got <- s.Serialize(bg, kv.SerializeOptions{ReadOnly: true, Deferrable: true, Waiting: func() { waits <- struct{}{} }})
	}()
	<-waits
	select {
	case err := <-got:
		t.Fatal("did not wait:", err)
	case <-time.After(10 * time.Millisecond):
	}
	x.write("checking=-11")
	x.commit()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	r.see("checking=-11", "saving=20") // the first snapshot was not safe, so there was another
	r.commit()

	z := e.serial(kv.SerializeOptions{})
	ctx, cancel := context.WithCancelCause(bg)
	go func() { <-waits; cancel(errors.New("cancelled")) }()
	err := e.begin().Txn.(kv.Serializer).Serialize(ctx, kv.SerializeOptions{ReadOnly: true, Deferrable: true, Waiting: func() { waits <- struct{}{} }})
	if err == nil || err.Error() != "cancelled" {
		t.Error("cancelled wait:", err)
	}
	z.Rollback()
	e.serial(kv.SerializeOptions{ReadOnly: true, Deferrable: true}).commit()
}

// testSerialRandom interleaves transactions and looks for cycles in what they have read and written. Without Serialize the same transactions must give
// some, or the test could not fail. KVTEST_SEED repeats a run.
func testSerialRandom(t *testing.T, e *env) {
	seed := int64(1)
	if s := os.Getenv("KVTEST_SEED"); s != "" {
		seed, _ = strconv.ParseInt(s, 10, 64)
	}
	t.Logf("KVTEST_SEED=%d", seed)
	for _, level := range []struct {
		name   string
		serial bool
	}{{"serialisable", true}, {"snapshot", false}} {
		h := &history{env: e, t: t, rnd: rand.New(rand.NewSource(seed)), serial: level.serial, writers: map[string][]*past{}}
		cycles := 0
		for range 60 {
			h.round()
			if c := h.cycle(); c != "" {
				cycles++
				if level.serial {
					t.Fatal("committed, but not serialisable: ", c)
				}
			}
		}
		t.Logf("%s: %d commits, %d failures, %d cycles", level.name, h.commits, h.failures, cycles)
		if level.serial && h.commits < 300 {
			t.Errorf("only %d commits", h.commits)
		}
		if !level.serial && cycles == 0 {
			t.Error("no cycle at snapshot isolation: this test cannot fail")
		}
	}
}

// SerialRandom runs only the random test of serialisable transactions.
func SerialRandom(t *testing.T, open Open) {
	e := &env{t: t, open: open, dir: t.TempDir()}
	e.Store = open(t, e.dir)
	t.Cleanup(func() { e.Store.Close() })
	testSerialRandom(t, e)
}

// past is a committed transaction: which value it read and wrote under each key. A value is the number of the transaction that wrote it.
type past struct {
	*txn
	id       int
	readOnly bool
	reads    map[string]string
	writes   map[string]bool
	at       int // of its commit
	state    int
}

type history struct {
	*env
	t                       *testing.T
	rnd                     *rand.Rand
	serial                  bool
	next, commits, failures int
	done                    []*past
	writers                 map[string][]*past // in commit order
	byID                    map[string]*past
	initial                 map[string]string
}

const serialKeys = 12

func (h *history) key() string { return fmt.Sprintf("s%02d", h.rnd.Intn(serialKeys)) }

// round runs some transactions, interleaved, from an empty table to the end of all.
func (h *history) round() {
	h.done, h.byID, h.writers = nil, map[string]*past{}, map[string][]*past{}
	h.commits++
	wipe := make([]string, serialKeys)
	for i := range wipe {
		wipe[i] = fmt.Sprintf("-s%02d", i)
	}
	h.env.commit(wipe...)
	var open []*past
	for begun := 0; begun < 24 || len(open) > 0; {
		if begun < 24 && len(open) < 5 && (len(open) == 0 || h.rnd.Intn(3) == 0) {
			begun++
			open = append(open, h.start())
			continue
		}
		i := h.rnd.Intn(len(open))
		p := open[i]
		ended, err := h.step(p)
		if err != nil {
			h.failures++
			p.Rollback()
		}
		if ended || err != nil {
			open = append(open[:i], open[i+1:]...)
		}
	}
}

func (h *history) start() *past {
	h.next++
	p := &past{id: h.next, readOnly: h.rnd.Intn(5) == 0, reads: map[string]string{}, writes: map[string]bool{}}
	if h.serial {
		p.txn = h.env.serial(kv.SerializeOptions{ReadOnly: p.readOnly})
	} else {
		p.txn = h.begin()
	}
	return p
}

func (h *history) step(p *past) (ended bool, err error) {
	switch n := h.rnd.Intn(10); {
	case n < 4:
		k := h.key()
		var b kv.Batch
		if err := p.Get(bg, [][]byte{row(k)}, &b, kv.GetOptions{}); err != nil {
			return false, err
		}
		p.note(k, string(b.Value(0)))
	case n < 5:
		from, to := h.key(), h.key()
		c, err := p.Scan(bg, rows(from, to), kv.ScanOptions{Reverse: h.rnd.Intn(2) == 0})
		if err != nil {
			return false, err
		}
		defer c.Close()
		seen := map[string]string{}
		var b kv.Batch
		for {
			n, err := c.Next(bg, &b)
			if err != nil {
				return false, err
			}
			if n == 0 {
				break
			}
			for i := range n {
				seen[string(b.Key(i)[1:])] = string(b.Value(i))
			}
		}
		for i := range serialKeys {
			if k := fmt.Sprintf("s%02d", i); k >= from && k < to {
				p.note(k, seen[k])
			}
		}
	case n < 8 && !p.readOnly:
		k := h.key()
		if err := p.tryLock(kv.LockOptions{Mode: kv.ForUpdate, NoWait: true}, k); err != nil {
			return false, err
		}
		var b kv.Batch
		if err := p.Get(bg, [][]byte{row(k)}, &b, kv.GetOptions{Latest: true}); err != nil {
			return false, err
		}
		newest := 0
		if w := h.writers[k]; len(w) > 0 {
			newest = w[len(w)-1].at
		}
		if b.Version(0) != kv.Pending && (b.Version(0) > p.Snapshot() || kv.Version(newest) > p.Snapshot()) {
			return false, kv.ErrConflict
		}
		p.writes[k] = true
		if err := p.Put(row(k), []byte(strconv.Itoa(p.id))); err != nil {
			return false, err
		}
	case n == 9:
		v, err := p.Commit(bg)
		if err != nil {
			return true, err
		}
		h.commits++
		p.at = int(v)
		h.done = append(h.done, p)
		h.byID[strconv.Itoa(p.id)] = p
		for k := range p.writes {
			h.writers[k] = append(h.writers[k], p)
		}
		return true, nil
	}
	return false, nil
}

// note keeps the first value that was read, unless the transaction had written the key before.
func (p *past) note(k, v string) {
	if _, again := p.reads[k]; !again && !p.writes[k] {
		p.reads[k] = v
	}
}

// after lists the transactions that any serial order must have after p.
func (h *history) after(p *past) (list []*past) {
	for k := range p.writes {
		w := h.writers[k]
		for i, x := range w {
			if x == p && i+1 < len(w) {
				list = append(list, w[i+1]) // overwrote it
			}
		}
		for _, x := range h.done {
			if x != p && x.reads[k] == strconv.Itoa(p.id) {
				list = append(list, x) // read it
			}
		}
	}
	for k, v := range p.reads {
		w := h.writers[k]
		i := 0
		for ; v != "" && i < len(w); i++ {
			if strconv.Itoa(w[i].id) == v {
				i++
				break
			}
		}
		if i < len(w) && w[i] != p {
			list = append(list, w[i]) // overwrote what p read
		}
	}
	return list
}

func (h *history) cycle() string {
	for _, p := range h.done {
		p.state = 0
	}
	var path []string
	var visit func(p *past) bool
	visit = func(p *past) bool {
		if p.state == 2 {
			return false
		}
		path = append(path, strconv.Itoa(p.id))
		if p.state == 1 {
			return true
		}
		p.state = 1
		for _, x := range h.after(p) {
			if visit(x) {
				return true
			}
		}
		p.state = 2
		path = path[:len(path)-1]
		return false
	}
	for _, p := range h.done {
		if visit(p) {
			return strings.Join(path, " → ")
		}
	}
	return ""
}
