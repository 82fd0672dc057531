package ssi

// SetLimits changes the bounds of what is kept and returns a function that restores them.
func SetLimits(reads, writes, retained int) (restore func()) {
	r, w, k := readLimit, writeLimit, retainedMost
	readLimit, writeLimit, retainedMost = reads, writes, retained
	return func() { readLimit, writeLimit, retainedMost = r, w, k }
}

// Spans counts what is in both trees.
func (m *Manager) Spans() int {
	var count func(n *node) int
	count = func(n *node) int {
		if n == nil {
			return 0
		}
		return 1 + count(n.left) + count(n.right)
	}
	return count(m.reads.root) + count(m.writes.root)
}
