package ssi

// watchWriters notes the writers that can still make the snapshot of a read-only transaction unsafe, and tells whether there are any.
func (t *Txn) watchWriters() bool {
	for w := range t.m.active {
		if !w.readOnly && !w.doomed {
			put(&t.pending, w)
			put(&w.watchers, t)
		}
	}
	t.decided = make(chan struct{})
	return len(t.pending) > 0
}

// tellWatchers tells those who watch t how it ended: with a dependency on somebody who had committed before their snapshots, they are not safe.
func (t *Txn) tellWatchers(commit bool) {
	for r := range t.watchers {
		if commit && t.wrote && t.hasOut && t.outFirst <= r.began {
			r.unsafe = true
			r.leaveWriters()
			close(r.decided)
			continue
		}
		delete(r.pending, t)
		if len(r.pending) == 0 {
			r.safe = true
			close(r.decided)
		}
	}
	t.watchers = nil
}

// leaveWriters ends watching.
func (t *Txn) leaveWriters() {
	for w := range t.pending {
		delete(w.watchers, t)
	}
	t.pending = nil
}

// Blocking lists the owners of the writers that the deferrable transaction of an owner waits for.
func (m *Manager) Blocking(owner uint64) []uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []uint64
	for t := range m.active {
		if t.owner == owner && !t.safe && !t.unsafe {
			for w := range t.pending {
				list = append(list, w.owner)
			}
		}
	}
	return list
}
