package regex

import "math"

// kind is what a node of the tree is.
type kind uint8

const (
	empty     kind = iota
	chars          // one character of set
	concat         // subs one after the other
	alternate      // one of subs
	repeat         // subs[0] min to max times
	group          // subs[0] in parentheses; capture is its number, 0 for (?:…)
	backref        // what group number capture matched
	assert         // an assertion without a width
	look           // look-around
)

// assertion is the kind of an assert or look node.
type assertion uint8

const (
	lineStart  assertion = iota // ^
	lineEnd                     // $
	textStart                   // \A
	textEnd                     // \Z
	wordStart                   // \m
	wordEnd                     // \M
	wordBorder                  // \y
	notBorder                   // \Y
	lookAhead
	lookBehind
)

// preference is which of the possible lengths a node prefers.
type preference uint8

const (
	none preference = iota
	longest
	shortest
)

// infinite is the max of * and +.
const infinite = math.MaxInt32

// node is a node of the tree.
type node struct {
	kind     kind
	id       int
	subs     []*node
	set      *set
	min, max int
	prefer   preference
	capture  int
	test     assertion
	negative bool // of a look
}

// settle gives every node its number and its preference, bottom up, and gathers facts about the tree.
func (f *facts) settle(n *node, inRepeat bool) {
	n.id = f.nodes
	f.nodes++
	if n.kind == repeat && n.max > 1 {
		inRepeat = true
	}
	for _, s := range n.subs {
		f.settle(s, inRepeat)
	}
	switch n.kind {
	case concat:
		for _, s := range n.subs {
			if s.prefer != none {
				n.prefer = s.prefer
				break
			}
		}
	case alternate:
		n.prefer = longest
		f.alternates = true
	case group:
		n.prefer = n.subs[0].prefer
		if n.capture > 0 && inRepeat {
			f.loopCaptures++
		}
	case repeat:
		f.settleRepeat(n)
	case backref:
		f.special = true
	case look:
		f.special = true
		n.prefer = none
	case assert:
		switch n.test {
		case wordStart, wordEnd:
			f.special = true
		case wordBorder, notBorder:
			f.borders = true
		}
	}
}

// settleRepeat: a fixed count has its atom's preference, any other quantifier its own.
func (f *facts) settleRepeat(n *node) {
	if n.prefer == none {
		n.prefer = n.subs[0].prefer
		return
	}
	if n.prefer == longest {
		f.greedy = true
	} else {
		f.lazy = true
	}
}

// facts is what decides how a tree is matched.
type facts struct {
	nodes        int
	special      bool // has what Go's regexp cannot do
	borders      bool // has \y or \Y, which Go knows for ASCII only
	greedy, lazy bool
	alternates   bool
	loopCaptures int // captures inside of a quantified part
}
