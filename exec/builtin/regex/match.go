package regex

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxSteps bounds the work of one matcher: back references make it exponential.
const maxSteps = 20_000_000

// matcher matches a tree against one text by PostgreSQL's rule. Positions are byte positions.
type matcher struct {
	r     *Regex
	s     string
	memo  map[place][]int
	caps  []int
	steps int
}

type place struct{ node, at int }

// exhausted is the panic of a matcher that has done maxSteps.
type exhausted struct{}

func newMatcher(r *Regex, s string) *matcher {
	return &matcher{r: r, s: s, memo: make(map[place][]int), caps: make([]int, 2*(r.captures+1))}
}

func (m *matcher) guard(err *error) {
	switch r := recover(); r.(type) {
	case nil:
	case exhausted:
		*err = failure(tooComplex)
	default:
		panic(r)
	}
}

func (m *matcher) step() {
	if m.steps++; m.steps > maxSteps {
		panic(exhausted{})
	}
}

// search finds the first match that begins at from or later; withCaptures false only finds out whether there is one.
func (m *matcher) search(from int, withCaptures bool) (loc []int, err error) {
	defer m.guard(&err)
	for at := from; ; {
		ends := m.ends(m.r.root, at)
		for i := range ends {
			end := ends[len(ends)-1-i]
			if m.r.root.prefer == shortest {
				end = ends[i]
			}
			if !withCaptures && !m.r.facts.special {
				return []int{at, end}, nil
			}
			if loc := m.dissectAll(at, end); loc != nil {
				return loc, nil
			}
		}
		if at >= len(m.s) {
			return nil, nil
		}
		_, n := utf8.DecodeRuneInString(m.s[at:])
		at += n
	}
}

// take finds the captures of a match whose extent is known.
func (m *matcher) take(start, end int) (loc []int, err error) {
	defer m.guard(&err)
	if loc = m.dissectAll(start, end); loc == nil {
		return nil, failure(tooComplex) // the two engines disagree: there is no such match
	}
	return loc, nil
}

func (m *matcher) dissectAll(start, end int) []int {
	for i := range m.caps {
		m.caps[i] = -1
	}
	if !m.dissect(m.r.root, start, end) {
		return nil
	}
	m.caps[0], m.caps[1] = start, end
	return slices.Clone(m.caps)
}

// ends is the sorted positions where a match of n that begins at position at can end. A back reference counts as what its group could match.
func (m *matcher) ends(n *node, at int) []int {
	m.step()
	switch n.kind {
	case chars:
		if at < len(m.s) {
			if r, size := utf8.DecodeRuneInString(m.s[at:]); n.set.has(r) {
				return []int{at + size}
			}
		}
		return nil
	case group:
		return m.ends(n.subs[0], at)
	case assert:
		if m.holds(n.test, at) {
			return []int{at}
		}
		return nil
	case backref:
		return m.ends(m.r.groups[n.capture], at)
	}
	key := place{n.id, at}
	if known, ok := m.memo[key]; ok {
		return known
	}
	var out []int
	switch n.kind {
	case concat:
		out = m.concatEnds(n.subs, at)
	case alternate:
		for _, s := range n.subs {
			out = append(out, m.ends(s, at)...)
		}
		out = sorted(out)
	case repeat:
		out = m.repeatEnds(n, at, n.min, n.max)
	case look:
		if m.looks(n, at) != n.negative {
			out = []int{at}
		}
	}
	m.memo[key] = out
	return out
}

func sorted(v []int) []int {
	slices.Sort(v)
	return slices.Compact(v)
}

func (m *matcher) concatEnds(subs []*node, at int) []int {
	front := []int{at}
	for _, s := range subs {
		front = m.advance(s, front)
	}
	return front
}

// advance is where n can end when it begins at any of the positions.
func (m *matcher) advance(n *node, front []int) []int {
	if len(front) == 1 {
		return m.ends(n, front[0])
	}
	var out []int
	for _, at := range front {
		e := m.ends(n, at)
		m.steps += len(e)
		out = append(out, e...)
	}
	return sorted(out)
}

func (m *matcher) repeatEnds(n *node, at, low, high int) []int {
	front := []int{at}
	for range low {
		if front = m.advance(n.subs[0], front); len(front) == 0 {
			return nil
		}
	}
	seen := make(map[int]bool, len(front))
	all := slices.Clone(front)
	for _, x := range front {
		seen[x] = true
	}
	for count := low; count < high && len(front) > 0; count++ {
		var fresh []int
		for _, x := range m.advance(n.subs[0], front) {
			if !seen[x] {
				seen[x] = true
				fresh = append(fresh, x)
			}
		}
		all = append(all, fresh...)
		front = fresh
	}
	return sorted(all)
}

func (m *matcher) looks(n *node, at int) bool {
	if n.test == lookAhead {
		return len(m.ends(n.subs[0], at)) > 0
	}
	for start := at; start >= 0; start-- {
		if start > 0 && start < len(m.s) && !utf8.RuneStart(m.s[start]) {
			continue
		}
		if slices.Contains(m.ends(n.subs[0], start), at) {
			return true
		}
	}
	return false
}

func (m *matcher) holds(test assertion, at int) bool {
	switch test {
	case textStart:
		return at == 0
	case textEnd:
		return at == len(m.s)
	case lineStart:
		return at == 0 || m.s[at-1] == '\n'
	case lineEnd:
		return at == len(m.s) || m.s[at] == '\n'
	}
	before, after := false, false
	if at > 0 {
		r, _ := utf8.DecodeLastRuneInString(m.s[:at])
		before = isWord(r)
	}
	if at < len(m.s) {
		r, _ := utf8.DecodeRuneInString(m.s[at:])
		after = isWord(r)
	}
	switch test {
	case wordStart:
		return !before && after
	case wordEnd:
		return before && !after
	case wordBorder:
		return before != after
	}
	return before == after
}

// dissect finds how n matches exactly from start to end and notes the captures.
func (m *matcher) dissect(n *node, start, end int) bool {
	m.step()
	switch n.kind {
	case group:
		if !m.dissect(n.subs[0], start, end) {
			return false
		}
		if n.capture > 0 {
			m.caps[2*n.capture], m.caps[2*n.capture+1] = start, end
		}
		return true
	case backref:
		from, to := m.caps[2*n.capture], m.caps[2*n.capture+1]
		return from >= 0 && m.equal(m.s[from:to], m.s[start:end])
	case concat:
		return m.dissectConcat(n.subs, start, end)
	case alternate:
		for _, s := range n.subs {
			if _, ok := slices.BinarySearch(m.ends(s, start), end); ok && m.dissect(s, start, end) {
				return true
			}
		}
		return false
	case repeat:
		m.forget(n)
		if n.min > 0 && !hasBackref(n.subs[0]) {
			return m.dissectLast(n, start, end)
		}
		return m.dissectRepeat(n, start, end, 0)
	}
	_, ok := slices.BinarySearch(m.ends(n, start), end)
	return ok
}

func (m *matcher) equal(a, b string) bool {
	if a == b {
		return true
	}
	return m.r.folded && strings.EqualFold(a, b)
}

// dissectConcat gives the first part what it prefers, as long as the rest can match the rest.
func (m *matcher) dissectConcat(subs []*node, start, end int) bool {
	switch len(subs) {
	case 0:
		return start == end
	case 1:
		return m.dissect(subs[0], start, end)
	}
	ends := m.ends(subs[0], start)
	for i := range ends {
		middle := ends[len(ends)-1-i]
		if subs[0].prefer == shortest {
			middle = ends[i]
		}
		if middle > end {
			continue
		}
		if _, ok := slices.BinarySearch(m.concatEnds(subs[1:], middle), end); !ok {
			continue
		}
		if m.dissect(subs[0], start, middle) && m.dissectConcat(subs[1:], middle, end) {
			return true
		}
	}
	return false
}

func hasBackref(n *node) bool {
	return n.kind == backref || slices.ContainsFunc(n.subs, hasBackref)
}

// dissectLast cuts a repetition in front of its last iteration, the only one whose captures count: the iterations before it take what the quantifier prefers.
func (m *matcher) dissectLast(n *node, start, end int) bool {
	sub := n.subs[0]
	if n.max == 1 {
		return m.dissect(sub, start, end)
	}
	ends := m.leading(n, start)
	for i := range ends {
		middle := ends[len(ends)-1-i]
		if n.prefer == shortest {
			middle = ends[i]
		}
		if middle > end {
			continue
		}
		if _, ok := slices.BinarySearch(m.ends(sub, middle), end); ok && m.dissect(sub, middle, end) {
			return true
		}
	}
	return false
}

// leading is the ends of all iterations of n but the last.
func (m *matcher) leading(n *node, start int) []int {
	key := place{-1 - n.id, start}
	ends, ok := m.memo[key]
	if !ok {
		high := n.max
		if high != infinite {
			high--
		}
		ends = m.repeatEnds(n, start, n.min-1, high)
		m.memo[key] = ends
	}
	return ends
}

// dissectRepeat takes one more iteration of n, of which count are done. An iteration is empty only where the least count needs it, or when it is
// the first, there is nothing to match, and it does not prefer the shortest match.
func (m *matcher) dissectRepeat(n *node, start, end, count int) bool {
	if start == end {
		if count == 0 && n.min == 0 && n.subs[0].prefer == shortest {
			return true
		}
		if count == 0 || count < n.min {
			return m.dissect(n.subs[0], start, end) || n.min == 0
		}
		return true
	}
	if count >= n.max {
		return false
	}
	sub := n.subs[0]
	ends := m.ends(sub, start)
	for i := range ends {
		middle := ends[len(ends)-1-i]
		if sub.prefer == shortest {
			middle = ends[i]
		}
		if middle > end || middle == start && count >= n.min {
			continue
		}
		if middle != end && !m.canRepeat(n, middle, end, count+1) {
			continue
		}
		m.forget(sub)
		if m.dissect(sub, start, middle) {
			saved := slices.Clone(m.caps)
			if m.dissectRepeat(n, middle, end, count+1) {
				return true
			}
			copy(m.caps, saved)
		}
	}
	return false
}

// canRepeat tells whether more iterations can lead from start to end.
func (m *matcher) canRepeat(n *node, start, end, count int) bool {
	low, high := max(n.min-count, 0), infinite
	if n.max != infinite {
		high = n.max - count
	}
	if low == n.min && high == n.max || n.max == infinite && n.min <= 1 {
		all := m.ends(n, start)
		_, ok := slices.BinarySearch(all, end)
		return ok
	}
	_, ok := slices.BinarySearch(m.repeatEnds(n, start, low, high), end)
	return ok
}

// forget clears the captures inside of n.
func (m *matcher) forget(n *node) {
	if n.kind == group && n.capture > 0 {
		m.caps[2*n.capture], m.caps[2*n.capture+1] = -1, -1
	}
	for _, s := range n.subs {
		m.forget(s)
	}
}
