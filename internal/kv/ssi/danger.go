package ssi

import (
	"github.com/kalampg/kalampg/internal/kv"
)

// overwrittenBy adds the edge t → w, t having read what w wrote, if they are concurrent.
func (t *Txn) overwrittenBy(w *Txn) error {
	if w == t || w.state == aborted || w.version != 0 && w.version <= t.snapshot {
		return nil
	}
	if w.summarised {
		return t.overwrittenByOld(w)
	}
	if w.doomed {
		return nil
	}
	if w.oldOut {
		if w.state == active {
			w.doomed = true
			return nil
		}
		return t.fail("conflict out to old pivot")
	}
	// A reader that writes nothing is in danger only when something that committed before its snapshot comes after w.
	if t.readOnly && w.state == committed && (!w.hasOut || t.began < w.outFirst) {
		return nil
	}
	if has(t.out, w) {
		return nil
	}
	return edge(t, w, t)
}

// edge adds reader → writer and looks whether that closes a dangerous structure; self is the one of the two that acts.
func edge(reader, writer, self *Txn) error {
	if reader.summarised {
		writer.oldIn = true
	} else {
		put(&reader.out, writer)
		put(&writer.in, reader)
	}
	if !pivotWriter(reader, writer) && !pivotReader(reader, writer) {
		return nil
	}
	if self == writer {
		return self.fail("identification as a pivot, during write")
	}
	if writer.state != active {
		return self.fail("conflict out to pivot, during read")
	}
	writer.doomed = true
	return nil
}

// pivotWriter tells whether writer is a pivot between reader and one that committed first of the three.
func pivotWriter(reader, writer *Txn) bool {
	if writer.state == committed && writer.hasOut || writer.oldOut {
		return true
	}
	for t3 := range writer.out {
		if t3.state >= prepared && t3.state != aborted &&
			(reader.state != committed || t3.prepared <= reader.committed) &&
			(writer.state != committed || t3.prepared <= writer.committed) &&
			(!reader.readOnly || t3.prepared <= reader.began) {
			return true
		}
	}
	return false
}

// pivotReader tells whether reader is a pivot between somebody and the writer, who committed first of the three.
func pivotReader(reader, writer *Txn) bool {
	if writer.state < prepared || reader.readOnly || reader.summarised {
		return false
	}
	if reader.oldIn {
		return true
	}
	for t1 := range reader.in {
		if !t1.doomed && (t1.state != committed || t1.committed >= writer.prepared) && (!t1.readOnly || t1.began >= writer.prepared) {
			return true
		}
	}
	return false
}

// Prepare is the last check before the commit. After it nobody can end the transaction for a conflict any more.
func (t *Txn) Prepare() error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.state != active {
		return nil
	}
	if t.doomed {
		return t.fail("identification as a pivot, during commit attempt")
	}
	// T1 → T2 → t: with the commit of t as the first, T2 becomes a pivot. It is the one to end, because its next attempt then begins after t.
	for near := range t.in {
		if near.state == committed || near.doomed {
			continue
		}
		for far := range near.in {
			if far == t || far.state != committed && !far.readOnly && !far.doomed {
				if near.state == prepared {
					return t.fail("commit attempt with conflict in from prepared pivot")
				}
				near.doomed = true
				break
			}
		}
	}
	m.last++
	t.prepared = m.last
	t.state = prepared
	return nil
}

// Committing gives the transaction its version, just before that becomes visible to new snapshots.
func (t *Txn) Committing(v kv.Version) {
	t.m.mu.Lock()
	t.version = v
	t.m.mu.Unlock()
}

// End ends the transaction: after its commit has become visible, or after it has been undone.
func (t *Txn) End(commit bool) {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.state == committed || t.state == aborted {
		return
	}
	delete(m.active, t)
	m.ended++
	if !commit {
		t.state = aborted
		t.tellWatchers(false)
		t.leaveWriters()
		t.forget()
		m.drop()
		return
	}
	t.state = committed
	m.last++
	t.committed = m.last
	if !t.wrote {
		t.readOnly = true
	}
	for w := range t.out {
		if w.state == committed && (!t.hasOut || w.prepared < t.outFirst) {
			t.hasOut, t.outFirst = true, w.prepared
		}
	}
	t.tellWatchers(true)
	t.leaveWriters()
	// Edges that can no longer be part of a danger go: out to those who committed, and in from those who wrote nothing or committed.
	for w := range t.out {
		if w.state == committed {
			unlink(t, w)
		}
	}
	for r := range t.in {
		if r.state == committed || r.readOnly {
			unlink(r, t)
		}
	}
	m.retained = append(m.retained, t)
	m.drop()
}

func unlink(reader, writer *Txn) {
	delete(reader.out, writer)
	delete(writer.in, reader)
}

// forget takes a transaction out of everything.
func (t *Txn) forget() {
	for w := range t.out {
		unlink(t, w)
	}
	for r := range t.in {
		unlink(r, t)
	}
	t.reads.clear()
	t.written.clear()
}

// drop lets go of the committed transactions that no active one is concurrent with, and summarises the oldest of the others when there are too many.
func (m *Manager) drop() {
	oldest := m.last
	for t := range m.active {
		oldest = min(oldest, t.began)
	}
	n := 0
	for n < len(m.retained) && m.retained[n].committed <= oldest {
		m.retained[n].forget()
		n++
	}
	for ; len(m.retained)-n > retainedMost; n++ {
		m.summarise(m.retained[n])
	}
	if n > 0 {
		clear(m.retained[:n])
		m.retained = m.retained[n:]
	}
	if len(m.active) == 0 && m.old != nil || m.old != nil && m.old.committed <= oldest {
		m.old.forget()
		m.old = nil
	}
}
