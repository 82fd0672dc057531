package kvtest

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// model is a state of the store: what a snapshot shows.
type model map[string]string

func (m model) scan(from, to string, reverse bool) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k >= from && k < to {
			list = append(list, k+"="+m[k])
		}
	}
	if reverse {
		slices.Reverse(list)
	}
	return strings.Join(list, " ")
}

// actor is one open transaction and what it should see.
type actor struct {
	*txn
	sees    model
	writes  map[string]int // key → commit number that it had seen when it first wrote the key
	undo    []undo
	base    int // commits that its snapshot holds
	cursors []expectation
}

type undo struct {
	mark   kv.Mark
	sees   model
	writes map[string]int
}

type expectation struct {
	kv.Cursor
	want string
}

// testRandom interleaves a few transactions doing random things and compares everything they see with the model. KVTEST_SEED repeats a run.
func testRandom(t *testing.T, e *env) {
	seed := time.Now().UnixNano()
	if s := os.Getenv("KVTEST_SEED"); s != "" {
		seed, _ = strconv.ParseInt(s, 10, 64)
	}
	t.Logf("KVTEST_SEED=%d", seed)
	w := &world{env: e, t: t, rnd: rand.New(rand.NewSource(seed)), committed: model{}, changed: map[string]int{}}
	for step := 0; step < 4000 && !t.Failed(); step++ {
		if step%1000 == 999 {
			w.endAll()
			e.reopen()
		}
		w.step()
	}
	w.endAll()
	equal(t, "at the end", e.begin().scan("", "z"), w.committed.scan("", "z", false))
}

type world struct {
	*env
	t         *testing.T
	rnd       *rand.Rand
	committed model
	commits   int
	changed   map[string]int // key → number of the last commit that changed it
	actors    []*actor
	alone     bool // the only actor has deleted a range, as if it held a lock on the table: nobody begins before it ends, and nothing has been committed since it began
}

func (w *world) key() string { return fmt.Sprintf("k%02d", w.rnd.Intn(60)) }

func (w *world) step() {
	if !w.alone && len(w.actors) < 4 && w.rnd.Intn(4) == 0 || len(w.actors) == 0 {
		w.actors = append(w.actors, &actor{txn: w.begin(), sees: maps.Clone(w.committed), writes: map[string]int{}, base: w.commits})
		return
	}
	i := w.rnd.Intn(len(w.actors))
	a := w.actors[i]
	switch n := w.rnd.Intn(100); {
	case n < 35:
		k, v := w.key(), fmt.Sprintf("%d", w.rnd.Intn(1000))
		w.wrote(a, k)
		a.write(k + "=" + v)
		a.sees[k] = v
	case n < 48:
		k := w.key()
		w.wrote(a, k)
		a.write("-" + k)
		delete(a.sees, k)
	case n < 62:
		k := w.key()
		if v, ok := a.sees[k]; ok {
			a.see(k + "=" + v)
		} else {
			a.see("-" + k)
		}
	case n < 76:
		from, to, reverse := w.key(), w.key(), w.rnd.Intn(2) == 0
		c := a.cursor(rows(from, to), kv.ScanOptions{Reverse: reverse, Limit: w.rnd.Intn(3)})
		a.cursors = append(a.cursors, expectation{c, a.sees.scan(from, to, reverse)})
	case n < 82:
		for _, c := range a.cursors {
			equal(w.t, "cursor", a.rest(c), c.want)
		}
		a.cursors = nil
	case n < 86:
		a.undo = append(a.undo, undo{a.Savepoint(), maps.Clone(a.sees), maps.Clone(a.writes)})
	case n < 90 && len(a.undo) > 0:
		w.rollbackTo(a)
	case n < 91 && len(w.actors) == 1 && a.base == w.commits:
		w.deleteRange(a)
	case n < 95:
		w.end(i, true)
	case n < 97:
		w.end(i, false)
	}
}

func (w *world) deleteRange(a *actor) {
	from, to := w.key(), w.key()
	if err := a.DeleteRange(rows(from, to)); err != nil {
		w.t.Fatal(err)
	}
	for _, m := range []model{a.sees, w.committed} { // of what is committed, only names are of interest: the keys may change by this
		for k := range m {
			if k >= from && k < to {
				w.wrote(a, k)
			}
		}
	}
	for k := range a.sees {
		if k >= from && k < to {
			delete(a.sees, k)
		}
	}
	w.alone = true
}

func (w *world) wrote(a *actor, k string) {
	if _, ok := a.writes[k]; !ok {
		a.writes[k] = a.base
	}
}

func (w *world) rollbackTo(a *actor) {
	j := w.rnd.Intn(len(a.undo))
	u := a.undo[j]
	for _, c := range a.cursors { // those opened after the mark would lose writes
		c.Close()
	}
	a.cursors = nil
	if err := a.RollbackTo(u.mark); err != nil {
		w.t.Fatal(err)
	}
	a.sees, a.writes, a.undo = maps.Clone(u.sees), maps.Clone(u.writes), a.undo[:j+1]
}

func (w *world) end(i int, commit bool) {
	a := w.actors[i]
	w.actors, w.alone = slices.Delete(w.actors, i, i+1), false
	if !commit {
		a.Rollback()
		return
	}
	conflict, vague := false, false
	for k, base := range a.writes {
		if w.changed[k] > base {
			conflict = true
			_, now := w.committed[k]
			vague = vague || !now // absent, present, absent again may count as unchanged
		}
	}
	_, err := a.Commit(bg)
	switch {
	case err == nil && conflict && !vague:
		w.t.Errorf("a conflict was not noticed")
	case err != nil && !conflict:
		w.t.Errorf("commit: %v", err)
	}
	if err != nil {
		return
	}
	w.commits++
	for k := range a.writes {
		w.changed[k] = w.commits
		if v, ok := a.sees[k]; ok {
			w.committed[k] = v
		} else {
			delete(w.committed, k)
		}
	}
}

func (w *world) endAll() {
	for len(w.actors) > 0 {
		w.end(0, true)
	}
}
