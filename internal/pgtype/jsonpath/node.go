package jsonpath

import (
	"math"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// kind is what a node does.
type kind uint8

const (
	kNull kind = iota
	kString
	kNumber
	kBool
	kRoot
	kCurrent
	kVariable
	kLast
	kKey
	kAnyKey
	kAnyArray
	kIndex
	kAny
	kFilter
	kMethod
	kOr
	kAnd
	kNot
	kIsUnknown
	kExists
	kCompare
	kStarts
	kRegex
	kArithmetic
	kSign
)

// node is one step of a path, or an operator with its operands.
type node struct {
	kind        kind
	text        string      // of a string, key, variable, method or operator; the pattern of like_regex
	flags       string      // of like_regex
	value       jsonb.Value // of a literal
	left, right *node
	subs        []subscript // of an index
	first, last uint32      // levels of **
	next        *node
}

// subscript is [from] or [from to to].
type subscript struct{ from, to *node }

// anyLevel stands for "last" in the levels of **.
const anyLevel = math.MaxUint32

// Path is a parsed path.
type Path struct {
	root   *node
	strict bool
}

// String prints a path in PostgreSQL's form.
func (p *Path) String() string {
	var b strings.Builder
	if p.strict {
		b.WriteString("strict ")
	}
	printer{&b}.print(p.root, true)
	return b.String()
}

type printer struct{ *strings.Builder }

func (n *node) priority() int {
	switch n.kind {
	case kOr:
		return 0
	case kAnd:
		return 1
	case kCompare, kStarts:
		return 2
	case kArithmetic:
		if n.text == "+" || n.text == "-" {
			return 3
		}
		return 4
	case kSign:
		return 5
	}
	return 6
}

func (p printer) quoted(s string) { p.Write(jsonb.AppendString(nil, s)) }

// print writes a node and what follows it. brackets are wanted around operators.
func (p printer) print(n *node, brackets bool) {
	p.one(n, brackets || n.next != nil)
	if n.next != nil {
		p.print(n.next, true)
	}
}

func (p printer) operand(n, of *node) { p.print(n, n.priority() <= of.priority()) }

// enclosed writes brackets around what f writes, where they are wanted.
func (p printer) enclosed(brackets bool, f func()) {
	if brackets {
		p.WriteByte('(')
	}
	f()
	if brackets {
		p.WriteByte(')')
	}
}

func (p printer) one(n *node, brackets bool) {
	switch n.kind {
	case kNull, kBool:
		p.WriteString(n.value.String())
	case kString:
		p.quoted(n.value.Str)
	case kNumber:
		p.enclosed(n.next != nil, func() { p.WriteString(n.value.Num.String()) })
	case kRoot:
		p.WriteByte('$')
	case kCurrent:
		p.WriteByte('@')
	case kVariable:
		p.WriteByte('$')
		p.quoted(n.text)
	case kLast:
		p.WriteString("last")
	case kKey:
		p.WriteByte('.')
		p.quoted(n.text)
	case kAnyKey:
		p.WriteString(".*")
	case kAnyArray:
		p.WriteString("[*]")
	case kIndex:
		p.index(n)
	case kAny:
		p.any(n)
	case kFilter:
		p.WriteString("?(")
		p.print(n.left, false)
		p.WriteByte(')')
	case kMethod:
		p.WriteString("." + n.text + "(")
		if n.left != nil {
			p.print(n.left, false)
		}
		p.WriteByte(')')
	case kNot:
		p.WriteString("!(")
		p.print(n.left, false)
		p.WriteByte(')')
	case kIsUnknown:
		p.WriteByte('(')
		p.print(n.left, false)
		p.WriteString(") is unknown")
	case kExists:
		p.WriteString("exists (")
		p.print(n.left, false)
		p.WriteByte(')')
	default:
		p.enclosed(brackets, func() { p.operator(n) })
	}
}

func (p printer) operator(n *node) {
	switch n.kind {
	case kSign:
		p.WriteString(n.text)
		p.operand(n.left, n)
	case kRegex:
		p.operand(n.left, n)
		p.WriteString(" like_regex ")
		p.quoted(n.text)
		if n.flags != "" {
			p.WriteString(" flag ")
			p.quoted(n.flags)
		}
	default:
		p.operand(n.left, n)
		p.WriteString(" " + n.text + " ")
		p.operand(n.right, n)
	}
}

func (p printer) index(n *node) {
	p.WriteByte('[')
	for i, s := range n.subs {
		if i > 0 {
			p.WriteByte(',')
		}
		p.print(s.from, false)
		if s.to != nil {
			p.WriteString(" to ")
			p.print(s.to, false)
		}
	}
	p.WriteByte(']')
}

func (p printer) any(n *node) {
	level := func(v uint32) string {
		if v == anyLevel {
			return "last"
		}
		return strconv.FormatUint(uint64(v), 10)
	}
	p.WriteString(".**")
	switch {
	case n.first == 0 && n.last == anyLevel:
	case n.first == n.last:
		p.WriteString("{" + level(n.first) + "}")
	default:
		p.WriteString("{" + level(n.first) + " to " + level(n.last) + "}")
	}
}
