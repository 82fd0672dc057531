package ssi

import "github.com/kalampg/kalampg/internal/kv"

// summarise makes a committed transaction part of the one that stands for all old ones. What it has read stays read, by somebody; of what it has written stays that it
// was written, by somebody whose earliest out-conflict is the earliest of all. Both can only lead to more failures than needed.
func (m *Manager) summarise(t *Txn) {
	if m.old == nil {
		m.old = &Txn{m: m, state: committed, summarised: true}
		m.old.reads = footprint{tree: &m.reads, limit: readLimit}
		m.old.written = footprint{tree: &m.writes, limit: writeLimit}
	}
	old := m.old
	for w := range t.out {
		w.oldIn = true
	}
	for r := range t.in {
		r.oldOut = true
	}
	move := func(from, to *footprint) {
		from.each(func(n *node, isPoint bool) {
			if isPoint {
				to.addPoint(old, n.start)
			} else {
				to.addRange(old, kv.Span{Start: n.start, End: n.end})
			}
		})
	}
	move(&t.reads, &old.reads)
	move(&t.written, &old.written)
	old.committed, old.prepared = t.committed, max(old.prepared, t.prepared)
	old.version = max(old.version, t.version)
	if t.hasOut && (!old.hasOut || t.outFirst < old.outFirst) {
		old.hasOut, old.outFirst = true, t.outFirst
	}
	t.forget()
}

// overwrittenByOld is the edge to a writer of whom only a summary is left.
func (t *Txn) overwrittenByOld(w *Txn) error {
	if w.hasOut && (!t.readOnly || w.outFirst <= t.began) {
		return t.fail("conflict out to old pivot")
	}
	if t.oldIn || len(t.in) > 0 {
		return t.fail("identification as a pivot, with conflict out to old committed transaction")
	}
	t.oldOut = true
	return nil
}

// Restore makes a prepared transaction of an earlier run known again. What it has read and whom it conflicted with is lost, so everything is assumed: it has read all there is, and
// has conflicts in and out.
func (m *Manager) Restore(writes func(write func(key []byte))) *Txn {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	t := &Txn{m: m, state: prepared, prepared: m.last, wrote: true, oldIn: true, oldOut: true}
	t.reads = footprint{tree: &m.reads, limit: readLimit}
	t.written = footprint{tree: &m.writes, limit: writeLimit}
	for _, space := range []kv.Space{kv.SpaceRows, kv.SpaceIndex} {
		t.reads.addRange(t, kv.Span{Start: []byte{space}, End: []byte{space + 1}})
	}
	writes(func(key []byte) {
		if tracked(key) {
			t.written.addPoint(t, key)
		}
	})
	if m.active == nil {
		m.active = make(map[*Txn]struct{})
	}
	m.active[t] = struct{}{}
	return t
}
