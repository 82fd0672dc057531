package lock

import "github.com/kalampg/kalampg/internal/kv"

// Each calls f for every lock that o holds and every mode of it.
func (o *Owner) Each(f func(key []byte, mode kv.LockMode)) {
	each := func(key []byte, modes modeSet) {
		for m := range conflicts {
			if modes.has(kv.LockMode(m)) {
				f(key, kv.LockMode(m))
			}
		}
	}
	list := func(h *hold) {
		for ; h != nil; h = h.older {
			s := o.m.shard(h.entry.hash)
			s.mu.Lock()
			key, modes := append([]byte(nil), h.entry.key...), h.modes
			s.mu.Unlock()
			each(key, modes)
		}
	}
	fast := o.fastShard()
	fast.mu.Lock()
	slots, moved := append([]fastHold(nil), o.fast.slots[:o.fast.n]...), o.fast.moved
	fast.mu.Unlock()
	for i := range slots {
		each(slots[i].key[:slots[i].size], slots[i].modes)
	}
	list(moved)
	list(o.newest)
}

// Detach takes o, which holds locks and waits for none, from its leader: from here on the leader conflicts with it like anybody else. Its tag becomes 0.
func (o *Owner) Detach() {
	m := o.m
	m.graph.Lock()
	defer m.graph.Unlock()
	fast := o.fastShard() // stays the same: it depends on home
	fast.mu.Lock()
	defer fast.mu.Unlock()
	for i := range m.shards {
		m.shards[i].mu.Lock()
		defer m.shards[i].mu.Unlock()
	}
	o.leader, o.tag = o, 0
}
