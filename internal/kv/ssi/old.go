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
