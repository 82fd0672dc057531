package lock

import "github.com/kalampg/kalampg/internal/kv"

// findCycle walks the wait-for graph from a new waiter and returns the way back to it, or nil. The caller holds m.graph, so nobody
// else begins to wait meanwhile.
func (m *Manager) findCycle(start *waiter) []kv.LockWait {
	self := start.owner.leader
	type step struct {
		edge kv.LockWait
		from *Owner
	}
	came := make(map[*Owner]step)
	todo := []*waiter{start}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, b := range m.blockers(w) {
			edge := kv.LockWait{Waiter: w.owner.leader.tag, Blocker: b.tag, Key: w.key, Mode: w.mode}
			if b == self {
				cycle := []kv.LockWait{edge}
				for at := w.owner.leader; at != self; at = came[at].from {
					cycle = append(cycle, came[at].edge)
				}
				for i, j := 0, len(cycle)-1; i < j; i, j = i+1, j-1 {
					cycle[i], cycle[j] = cycle[j], cycle[i]
				}
				return cycle
			}
			if _, seen := came[b]; seen {
				continue
			}
			came[b] = step{edge, w.owner.leader}
			if next := b.waiting.Load(); next != nil {
				todo = append(todo, next)
			}
		}
	}
	return nil
}

// blockers lists the leaders that w waits for: waiters ahead and holders with a conflicting mode. Behind a waiter of the same mode,
// if that conflicts with itself, it stops: all the others are blockers of that waiter too, so a walk through it finds them (or it has been
// granted meanwhile, and then there are no others). This keeps the walk through a long queue for one row linear.
func (m *Manager) blockers(w *waiter) []*Owner {
	s := m.shard(w.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.queued {
		return nil
	}
	e := s.find(w.hash, w.key)
	var list []*Owner
	for a := w.prev; a != nil; a = a.prev {
		if !conflicts[w.mode].has(a.mode) || a.owner.leader == w.owner.leader {
			continue
		}
		list = append(list, a.owner.leader)
		if a.mode == w.mode {
			return list
		}
	}
	for h := e.holds; h != nil; h = h.next {
		if h.modes&conflicts[w.mode] != 0 && h.owner.leader != w.owner.leader {
			list = append(list, h.owner.leader)
		}
	}
	return list
}

// List reports every hold and every waiter, shard by shard: each shard is consistent in itself.
func (m *Manager) List() []kv.LockInfo {
	var list []kv.LockInfo
	for i := range m.fast {
		list = m.fast[i].describe(list)
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for _, first := range s.entries {
			for e := first; e != nil; e = e.next {
				list = e.describe(list)
			}
		}
		s.mu.Unlock()
	}
	return list
}

func (e *entry) describe(list []kv.LockInfo) []kv.LockInfo {
	key := append([]byte(nil), e.key...)
	for h := e.holds; h != nil; h = h.next {
		for m := range conflicts {
			if h.modes.has(kv.LockMode(m)) {
				list = append(list, kv.LockInfo{Key: key, Mode: kv.LockMode(m), Owner: h.owner.leader.tag, Session: h.owner.counted, Granted: true})
			}
		}
	}
	for w := e.head; w != nil; w = w.next {
		list = append(list, kv.LockInfo{Key: key, Mode: w.mode, Owner: w.owner.leader.tag, Session: w.owner.counted, Since: w.since, Blockers: e.blockers(w)})
	}
	return list
}

// blockers names the owners that w waits for.
func (e *entry) blockers(w *waiter) (list []uint64) {
	for h := e.holds; h != nil; h = h.next {
		if h.modes&conflicts[w.mode] != 0 && h.owner.leader != w.owner.leader {
			list = append(list, h.owner.leader.tag)
		}
	}
	for a := e.head; a != w; a = a.next {
		if conflicts[w.mode].has(a.mode) && a.owner.leader != w.owner.leader {
			list = append(list, a.owner.leader.tag)
		}
	}
	return list
}
