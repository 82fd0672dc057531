package regex

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// translator prints a tree in the syntax of Go's regexp.
type translator struct {
	out    strings.Builder
	filter bool // print something that matches at least wherever the tree does
	later  bool // the text does not begin here
}

func (t *translator) node(n *node) {
	switch n.kind {
	case chars:
		t.set(n.set)
	case concat:
		for _, s := range n.subs {
			t.node(s)
		}
	case alternate:
		t.out.WriteString("(?:")
		for i, s := range n.subs {
			if i > 0 {
				t.out.WriteByte('|')
			}
			t.node(s)
		}
		t.out.WriteByte(')')
	case group:
		if n.capture > 0 {
			t.out.WriteByte('(')
		} else {
			t.out.WriteString("(?:")
		}
		t.node(n.subs[0])
		t.out.WriteByte(')')
	case repeat:
		t.repeat(n)
	case backref:
		t.out.WriteString("(?s:.*)")
	case assert:
		t.assert(n)
	}
}

func (t *translator) repeat(n *node) {
	if n.max == 0 { // Go would lose the captures in it
		t.out.WriteString("(?:")
		t.node(n.subs[0])
		t.out.WriteString("){0}")
		return
	}
	t.out.WriteString("(?:")
	t.node(n.subs[0])
	t.out.WriteByte(')')
	switch {
	case t.filter && n.min > 1:
		t.out.WriteString("+") // large counts of counts are costly in Go
	case n.min == 0 && n.max == infinite:
		t.out.WriteByte('*')
	case n.min == 1 && n.max == infinite:
		t.out.WriteByte('+')
	case n.min == 0 && n.max == 1:
		t.out.WriteByte('?')
	case n.max == infinite:
		fmt.Fprintf(&t.out, "{%d,}", n.min)
	default:
		fmt.Fprintf(&t.out, "{%d,%d}", n.min, n.max)
	}
	if n.prefer == shortest {
		t.out.WriteByte('?')
	}
}

func (t *translator) assert(n *node) {
	switch n.test {
	case textStart:
		if t.later {
			t.out.WriteString(`[^\x00-\x{10FFFF}]`)
			return
		}
		t.out.WriteString(`\A`)
	case textEnd:
		t.out.WriteString(`\z`)
	case lineStart:
		t.out.WriteString(`(?m:^)`)
	case lineEnd:
		t.out.WriteString(`(?m:$)`)
	case wordBorder:
		if !t.filter {
			t.out.WriteString(`\b`)
		}
	case notBorder:
		if !t.filter {
			t.out.WriteString(`\B`)
		}
	}
}

func (t *translator) set(s *set) {
	if s.negative && len(s.ranges) == 0 && len(s.classes) == 0 {
		t.out.WriteString("(?s:.)")
		return
	}
	t.out.WriteByte('[')
	if s.negative {
		t.out.WriteByte('^')
	}
	ranges := s.ranges
	for _, c := range s.classes {
		if syntax := classes[c.class].syntax; syntax != "" && !c.negative {
			t.out.WriteString(syntax)
		} else {
			ranges = append(ranges[:len(ranges):len(ranges)], c.spans()...)
		}
	}
	for _, r := range normalized(append([]span(nil), ranges...)) {
		t.char(r.low)
		if r.high > r.low {
			t.out.WriteByte('-')
			t.char(r.high)
		}
	}
	t.out.WriteByte(']')
}

func (t *translator) char(r rune) {
	if r < utf8.RuneSelf && (isLetter(byte(r)) || isDigit(byte(r))) {
		t.out.WriteRune(r)
		return
	}
	fmt.Fprintf(&t.out, `\x{%X}`, r)
}
