package jsonpath

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// maxDepth bounds the nesting of a path.
const maxDepth = 1000

type parser struct {
	l       lexer
	t       token
	depth   int
	filters int // filters around the current place: @ is allowed in them
	subs    int // subscripts around it: last is allowed in them
}

// failed carries an error out of the descent.
type failed struct{ err error }

// Parse reads a path.
func Parse(s string) (p *Path, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failed)
			if !ok {
				panic(r)
			}
			p, err = nil, f.err
		}
	}()
	if s == "" {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type jsonpath: \"\"")
	}
	x := &parser{l: lexer{s: s}}
	x.advance()
	p = &Path{}
	if x.word("strict") || x.word("lax") {
		p.strict = strings.EqualFold(x.t.text, "strict")
		x.advance()
	}
	p.root = x.or()
	if x.t.kind != tEnd {
		x.unexpected()
	}
	return p, nil
}

func (p *parser) advance() {
	t, err := p.l.next()
	if err != nil {
		panic(failed{err})
	}
	p.t = t
}

// unexpected gives up at the current token. PostgreSQL's lexer knows a word to be over only when it has seen the end.
func (p *parser) unexpected() {
	if p.t.kind == tWord && p.l.i == len(p.l.s) {
		p.t = token{}
	}
	panic(failed{syntaxError(p.t)})
}

func (p *parser) punct(s string) bool { return p.t.kind == tPunct && p.t.text == s }

func (p *parser) word(s string) bool { return p.t.kind == tWord && strings.EqualFold(p.t.text, s) }

func (p *parser) expect(s string) {
	if !p.punct(s) {
		p.unexpected()
	}
	p.advance()
}

// predicate tells whether a node yields true, false or unknown.
func (n *node) predicate() bool {
	if n.next != nil {
		return false
	}
	switch n.kind {
	case kOr, kAnd, kNot, kIsUnknown, kExists, kCompare, kStarts, kRegex:
		return true
	}
	return false
}

// want refuses a value where a predicate is needed, and the other way round. The token after it is where PostgreSQL's grammar notices.
func (p *parser) want(n *node, predicate bool) *node {
	if n.predicate() != predicate {
		p.unexpected()
	}
	return n
}

func (p *parser) or() *node {
	if p.depth++; p.depth > maxDepth {
		panic(failed{pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")})
	}
	defer func() { p.depth-- }()
	n := p.and()
	for p.punct("||") {
		p.want(n, true)
		p.advance()
		n = &node{kind: kOr, text: "||", left: n, right: p.want(p.and(), true)}
	}
	return n
}

func (p *parser) and() *node {
	n := p.not()
	for p.punct("&&") {
		p.want(n, true)
		p.advance()
		n = &node{kind: kAnd, text: "&&", left: n, right: p.want(p.not(), true)}
	}
	return n
}

func (p *parser) not() *node {
	if !p.punct("!") {
		return p.comparison()
	}
	p.advance()
	if !p.punct("(") && !p.word("exists") {
		p.unexpected()
	}
	return &node{kind: kNot, left: p.want(p.primary(), true)}
}

func (p *parser) comparison() *node {
	n := p.sum()
	switch {
	case p.t.kind == tPunct && strings.Contains(" == != <> < <= > >= ", " "+p.t.text+" "):
		p.want(n, false)
		op := p.t.text
		if op == "<>" {
			op = "!="
		}
		p.advance()
		return &node{kind: kCompare, text: op, left: n, right: p.want(p.sum(), false)}
	case p.word("starts"):
		p.want(n, false)
		p.advance()
		if !p.word("with") {
			p.unexpected()
		}
		p.advance()
		if p.t.kind != tString && p.t.kind != tVariable {
			p.unexpected()
		}
		return &node{kind: kStarts, text: "starts with", left: n, right: p.literal()}
	case p.word("like_regex"):
		p.want(n, false)
		return p.regex(n)
	}
	return n
}

func (p *parser) regex(left *node) *node {
	p.advance()
	if p.t.kind != tString {
		p.unexpected()
	}
	n := &node{kind: kRegex, left: left, text: p.t.text}
	p.advance()
	if p.word("flag") {
		p.advance()
		if p.t.kind != tString {
			p.unexpected()
		}
		given := p.t.text
		for _, f := range given {
			if !strings.ContainsRune("ismxq", f) {
				panic(failed{pgerr.New(pgerr.SyntaxError, "invalid input syntax for type jsonpath").
					WithDetail("Unrecognized flag character \"%s\" in LIKE_REGEX predicate.", string(f))})
			}
		}
		for _, f := range "ismxq" {
			if strings.ContainsRune(given, f) {
				n.flags += string(f)
			}
		}
		p.advance()
	}
	if strings.Contains(n.flags, "x") && !strings.Contains(n.flags, "q") {
		panic(failed{pgerr.New(pgerr.FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented")})
	}
	return n
}

func (p *parser) sum() *node {
	n := p.product()
	for p.punct("+") || p.punct("-") {
		n = p.arithmetic(n, p.product)
	}
	return n
}

func (p *parser) product() *node {
	n := p.sign()
	for p.punct("*") || p.punct("/") || p.punct("%") {
		n = p.arithmetic(n, p.sign)
	}
	return n
}

func (p *parser) arithmetic(left *node, operand func() *node) *node {
	p.want(left, false)
	op := p.t.text
	p.advance()
	return &node{kind: kArithmetic, text: op, left: left, right: p.want(operand(), false)}
}

func (p *parser) sign() *node {
	if !p.punct("+") && !p.punct("-") {
		return p.accessors(p.primary())
	}
	op := p.t.text
	p.advance()
	if p.depth++; p.depth > maxDepth {
		panic(failed{pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")})
	}
	n := p.want(p.sign(), false)
	p.depth--
	if n.kind == kNumber && n.next == nil {
		if op == "-" {
			n.value.Num = numeric.Neg(n.value.Num)
		}
		return n
	}
	return &node{kind: kSign, text: op, left: n}
}

// primary reads what stands before the accessors.
func (p *parser) primary() *node {
	switch {
	case p.punct("("):
		p.advance()
		n := p.or()
		p.expect(")")
		if n.predicate() && p.word("is") {
			p.advance()
			if !p.word("unknown") {
				p.unexpected()
			}
			p.advance()
			return &node{kind: kIsUnknown, left: n}
		}
		return n
	case p.word("exists"):
		p.advance()
		p.expect("(")
		n := &node{kind: kExists, left: p.want(p.sum(), false)}
		p.expect(")")
		return n
	case p.punct("$"):
		p.advance()
		return &node{kind: kRoot}
	case p.punct("@"):
		if p.filters == 0 {
			panic(failed{pgerr.New(pgerr.SyntaxError, "@ is not allowed in root expressions")})
		}
		p.advance()
		return &node{kind: kCurrent}
	case p.word("last"):
		if p.subs == 0 {
			panic(failed{pgerr.New(pgerr.SyntaxError, "LAST is allowed only in array subscripts")})
		}
		p.advance()
		return &node{kind: kLast}
	}
	return p.literal()
}

func (p *parser) literal() *node {
	t := p.t
	n := &node{}
	switch {
	case t.kind == tString:
		n.kind, n.value = kString, jsonb.Value{Kind: jsonb.String, Str: t.text}
	case t.kind == tVariable:
		n.kind, n.text = kVariable, t.text
	case t.kind == tNumber:
		x, err := numeric.Parse(t.text)
		if err != nil {
			panic(failed{err})
		}
		n.kind, n.value = kNumber, jsonb.Value{Kind: jsonb.Number, Num: x}
	case t.kind == tWord && t.text == "null":
		n.kind = kNull
	case t.kind == tWord && (t.text == "true" || t.text == "false"):
		n.kind, n.value = kBool, jsonb.Value{Kind: jsonb.Bool, Bool: t.text == "true"}
	default:
		p.unexpected()
	}
	p.advance()
	return n
}

// accessors reads the chain behind a node.
func (p *parser) accessors(n *node) *node {
	end := n
	for end.next != nil { // a chain in parentheses goes on
		end = end.next
	}
	for {
		var a *node
		switch {
		case p.punct("["):
			a = p.subscripts()
		case p.punct("?"):
			p.advance()
			p.expect("(")
			p.filters++
			a = &node{kind: kFilter, left: p.want(p.or(), true)}
			p.filters--
			p.expect(")")
		case p.punct("."):
			p.advance()
			a = p.member()
		default:
			return n
		}
		end.next = a
		end = a
	}
}

func (p *parser) subscripts() *node {
	p.advance()
	if p.punct("*") {
		p.advance()
		p.expect("]")
		return &node{kind: kAnyArray}
	}
	n := &node{kind: kIndex}
	p.subs++
	for {
		s := subscript{from: p.want(p.sum(), false)}
		if p.word("to") {
			p.advance()
			s.to = p.want(p.sum(), false)
		}
		n.subs = append(n.subs, s)
		if !p.punct(",") {
			break
		}
		p.advance()
	}
	p.subs--
	p.expect("]")
	return n
}

// methods are the item methods without arguments.
var methods = map[string]bool{"type": true, "size": true, "abs": true, "floor": true, "ceiling": true, "double": true, "keyvalue": true, "datetime": true}

// member reads what follows a point.
func (p *parser) member() *node {
	switch {
	case p.punct("*"):
		p.advance()
		return &node{kind: kAnyKey}
	case p.punct("**"):
		p.advance()
		return p.levels()
	case p.t.kind != tWord && p.t.kind != tString:
		p.unexpected()
	}
	t := p.t
	p.advance()
	if name := strings.ToLower(t.text); t.kind == tWord && methods[name] && p.punct("(") {
		p.advance()
		n := &node{kind: kMethod, text: name}
		if name == "datetime" && p.t.kind == tString {
			n.left = p.literal()
		}
		p.expect(")")
		return n
	}
	return &node{kind: kKey, text: t.text}
}

// levels reads the {n to m} of **.
func (p *parser) levels() *node {
	n := &node{kind: kAny, last: anyLevel}
	if !p.punct("{") {
		return n
	}
	p.advance()
	level := func() uint32 {
		if p.word("last") {
			p.advance()
			return anyLevel
		}
		v, err := strconv.ParseUint(p.t.text, 10, 31)
		if p.t.kind != tNumber || err != nil {
			p.unexpected()
		}
		p.advance()
		return uint32(v)
	}
	n.first = level()
	n.last = n.first
	if p.word("to") {
		p.advance()
		n.last = level()
	}
	p.expect("}")
	return n
}
