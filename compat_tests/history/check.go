package history

import (
	"fmt"
	"slices"
	"strings"
)

// Level is an isolation level.
type Level string

// The levels.
const (
	ReadCommitted  Level = "read committed"
	RepeatableRead Level = "repeatable read"
	Serializable   Level = "serializable"
)

// Outcome says how a transaction ended, as far as its client knows.
type Outcome byte

// The outcomes.
const (
	Committed Outcome = iota
	Aborted
	Unknown // the connection was lost during COMMIT
)

// Op is an append or a read of one list. A range read is one read for each list in the range.
type Op struct {
	Key    int
	Append int   // the number, 0: a read
	Undone bool  // the append was rolled back to a savepoint
	Read   []int // what a read gave
}

// Txn is a transaction of a history.
type Txn struct {
	ID      int
	Outcome Outcome
	Ops     []Op
}

func (t *Txn) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "T%d", t.ID)
	for _, o := range t.Ops {
		switch {
		case o.Append == 0:
			fmt.Fprintf(&b, " r(%d)=%v", o.Key, tail(o.Read))
		case o.Undone:
			fmt.Fprintf(&b, " undone(%d,%d)", o.Key, o.Append)
		default:
			fmt.Fprintf(&b, " a(%d,%d)", o.Key, o.Append)
		}
	}
	return b.String()
}

// tail shortens a list to its end.
func tail(list []int) string {
	if len(list) > 3 {
		return fmt.Sprintf("[… %s (%d)", strings.TrimPrefix(fmt.Sprint(list[len(list)-3:]), "["), len(list))
	}
	return fmt.Sprint(list)
}

// edge is a dependency: from comes before to.
type edge struct {
	to   int
	kind string // ww, wr, rw
	key  int
}

// checker is the state of one check.
type checker struct {
	history []*Txn
	final   map[int][]int
	writer  map[int]int  // element → index of its transaction
	undone  map[int]bool // elements that nobody may see
	last    map[int]bool // elements that are their transaction's last in their list
	found   []string
	edges   [][]edge
}

// Check says what is wrong with a history; final is what the lists hold when all is over.
func Check(history []*Txn, final map[int][]int, level Level) []string {
	c := &checker{history: slices.Clone(history), final: final, writer: map[int]int{}, undone: map[int]bool{}, last: map[int]bool{}}
	c.index()
	c.lists()
	if len(c.found) > 0 {
		return c.found // the graph would be made of nonsense
	}
	c.dependencies()
	switch level {
	case ReadCommitted:
		c.cycle("a cycle of ww and wr", c.successors(func(e edge) bool { return e.kind != "rw" }))
	case RepeatableRead:
		c.repeatable()
		c.cycle("a cycle without two rw in a row", c.composed())
	case Serializable:
		c.repeatable()
		c.cycle("a cycle", c.successors(func(edge) bool { return true }))
	}
	return c.found
}

func (c *checker) fault(format string, args ...any) {
	if len(c.found) < 20 {
		c.found = append(c.found, fmt.Sprintf(format, args...))
	}
}

// index learns who wrote what. A transaction of unknown outcome has committed if anything of it is in the final lists, and then all of it has to be.
func (c *checker) index() {
	present := map[int]bool{}
	for key, list := range c.final {
		for _, x := range list {
			if present[x] {
				c.fault("%d is twice in the final list %d", x, key)
			}
			present[x] = true
		}
	}
	for i, t := range c.history {
		last := map[int]int{}
		var here, missing []int
		for _, o := range t.Ops {
			if o.Append == 0 {
				continue
			}
			c.writer[o.Append] = i
			if o.Undone {
				c.undone[o.Append] = true
				continue
			}
			last[o.Key] = o.Append
			if present[o.Append] {
				here = append(here, o.Append)
			} else {
				missing = append(missing, o.Append)
			}
		}
		for _, x := range last {
			c.last[x] = true
		}
		if t.Outcome == Unknown {
			resolved := *t
			resolved.Outcome = Aborted
			if len(here) > 0 {
				resolved.Outcome = Committed
			}
			c.history[i] = &resolved
			t = &resolved
		}
		if t.Outcome == Committed && len(missing) > 0 {
			c.fault("lost: %v of committed %v", missing, t)
		}
		if t.Outcome == Aborted {
			if len(here) > 0 {
				c.fault("aborted, but there: %v of %v", here, t)
			}
			for _, o := range t.Ops {
				if o.Append != 0 {
					c.undone[o.Append] = true
				}
			}
		}
	}
}

// lists checks every read of a committed transaction against the final list, of which it must be a beginning, own appends aside.
func (c *checker) lists() {
	for _, t := range c.history {
		if t.Outcome != Committed {
			continue
		}
		own := map[int][]int{}
		for _, o := range t.Ops {
			if o.Append != 0 {
				if !o.Undone {
					own[o.Key] = append(own[o.Key], o.Append)
				}
				continue
			}
			others, mine := c.split(t, o.Read)
			for _, x := range o.Read {
				if c.undone[x] {
					c.fault("aborted read of %d by %v", x, t)
				}
				if _, known := c.writer[x]; !known {
					c.fault("%v read %d, which nobody wrote", t, x)
				}
			}
			if !slices.Equal(mine, own[o.Key]) {
				c.fault("own appends to %d were %v, %v read %v of them", o.Key, own[o.Key], t, mine)
			}
			final := c.final[o.Key]
			if len(others) > len(final) || !slices.Equal(others, final[:len(others)]) {
				c.fault("%v read %v of list %d, which is no beginning of the final %v", t, others, o.Key, final)
				continue
			}
			if n := len(others); n > 0 && !c.last[others[n-1]] {
				c.fault("intermediate read of %d by %v", others[n-1], t)
			}
		}
	}
}

// split parts a list into what others appended and what t itself has, which must be at the end.
func (c *checker) split(t *Txn, list []int) (others, mine []int) {
	for _, x := range list {
		if i, ok := c.writer[x]; ok && c.history[i].ID == t.ID {
			mine = append(mine, x)
		} else if len(mine) > 0 {
			c.fault("%v read %d, appended after its own %v and before it committed", t, x, mine)
		} else {
			others = append(others, x)
		}
	}
	return others, mine
}

// dependencies makes the graph.
func (c *checker) dependencies() {
	c.edges = make([][]edge, len(c.history))
	add := func(from, to int, kind string, key int) {
		if from != to {
			c.edges[from] = append(c.edges[from], edge{to, kind, key})
		}
	}
	for key, list := range c.final {
		for i := 1; i < len(list); i++ {
			add(c.writer[list[i-1]], c.writer[list[i]], "ww", key)
		}
	}
	for i, t := range c.history {
		if t.Outcome != Committed {
			continue
		}
		for _, o := range t.Ops {
			if o.Append != 0 {
				continue
			}
			others, _ := c.split(t, o.Read)
			n := len(others)
			if n > 0 {
				add(c.writer[others[n-1]], i, "wr", o.Key)
			}
			if final := c.final[o.Key]; n < len(final) {
				add(i, c.writer[final[n]], "rw", o.Key)
			}
		}
	}
}

// repeatable checks that a list looks the same whenever a transaction reads it, own appends aside.
func (c *checker) repeatable() {
	for _, t := range c.history {
		if t.Outcome != Committed {
			continue
		}
		seen := map[int]int{}
		for _, o := range t.Ops {
			if o.Append != 0 {
				continue
			}
			others, _ := c.split(t, o.Read)
			if n, again := seen[o.Key]; again && n != len(others) {
				c.fault("list %d changed between two reads of %v", o.Key, t)
			}
			seen[o.Key] = len(others)
		}
	}
}

// step is an edge of the graph in which cycles are looked for; by way of says how it came about.
type step struct {
	to   int
	text string
}

func (c *checker) successors(keep func(edge) bool) func(int) []step {
	return func(i int) (list []step) {
		for _, e := range c.edges[i] {
			if keep(e) {
				list = append(list, step{e.to, fmt.Sprintf("-%s(%d)→", e.kind, e.key)})
			}
		}
		return list
	}
}

// composed has an edge for every ww or wr, and for every such followed by one rw: its cycles are those in which no two rw follow each other.
func (c *checker) composed() func(int) []step {
	return func(i int) (list []step) {
		for _, e := range c.edges[i] {
			if e.kind == "rw" {
				continue
			}
			text := fmt.Sprintf("-%s(%d)→", e.kind, e.key)
			list = append(list, step{e.to, text})
			for _, f := range c.edges[e.to] {
				if f.kind == "rw" {
					list = append(list, step{f.to, fmt.Sprintf("%s T%d -rw(%d)→", text, c.history[e.to].ID, f.key)})
				}
			}
		}
		return list
	}
}

// cycle looks for a cycle by depth first search.
func (c *checker) cycle(what string, next func(int) []step) {
	const (
		white = iota
		grey
		black
	)
	color := make([]byte, len(c.history))
	type frame struct {
		at    int
		steps []step
		came  string
	}
	for start := range c.history {
		if color[start] != white {
			continue
		}
		stack := []frame{{at: start, steps: next(start)}}
		color[start] = grey
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.steps) == 0 {
				color[top.at] = black
				stack = stack[:len(stack)-1]
				continue
			}
			s := top.steps[0]
			top.steps = top.steps[1:]
			switch color[s.to] {
			case white:
				color[s.to] = grey
				stack = append(stack, frame{s.to, next(s.to), s.text})
			case grey:
				var b strings.Builder
				var members []string
				for i := range stack {
					if stack[i].at == s.to {
						for _, f := range stack[i:] {
							if f.at != s.to {
								fmt.Fprintf(&b, " %s ", f.came)
							}
							fmt.Fprintf(&b, "T%d", c.history[f.at].ID)
							members = append(members, c.history[f.at].String())
						}
					}
				}
				c.fault("%s: %s %s T%d\n  %s", what, b.String(), s.text, c.history[s.to].ID, strings.Join(members, "\n  "))
				return
			}
		}
	}
}
