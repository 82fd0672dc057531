package regex

import (
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Options are a pattern's flags.
type Options struct {
	IgnoreCase bool
	Basic      bool // POSIX basic syntax
	Literal    bool // no syntax at all
	Expanded   bool // white space and comments do not count
	StopAtLine bool // . and [^…] do not match a line feed
	LineAnchor bool // ^ and $ match at line feeds too
}

// The texts of PostgreSQL's errors.
const (
	badParens    = "parentheses () not balanced"
	badBrackets  = "brackets [] not balanced"
	badBraces    = "braces {} not balanced"
	badCount     = "invalid repetition count(s)"
	badOperand   = "quantifier operand invalid"
	badEscape    = "invalid escape \\ sequence"
	badClass     = "invalid character class"
	badCollating = "invalid collating element"
	badRange     = "invalid character range"
	badReference = "invalid backreference number"
	badOption    = "invalid embedded option"
	tooComplex   = "regular expression is too complex"
)

// maxCount is the largest number in a bound; maxDepth bounds nesting.
const (
	maxCount = 255
	maxDepth = 1000
)

func failure(text string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: "+text)
}

// parser reads a pattern; errors are panics of type *pgerr.Error that parse catches.
type parser struct {
	s        string
	at       int
	o        Options
	captures int
	closed   []bool // by number: whether the group is complete
	groups   []*node
	depth    int
	inLook   int
}

func (p *parser) fail(text string) { panic(failure(text)) }

// parse reads a whole pattern.
func parse(pattern string, o Options) (root *node, p *parser, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	p = &parser{s: pattern, o: o, closed: []bool{false}, groups: []*node{nil}}
	p.directors()
	switch {
	case p.o.Literal:
		return p.literal(p.s[p.at:]), p, nil
	case p.o.Basic:
		p.s, p.at = basicToAdvanced(p.s[p.at:]), 0
	}
	root = p.alternatives()
	if p.at < len(p.s) {
		p.fail(badParens)
	}
	return root, p, nil
}

// directors handles ***: and ***= and embedded options, which come first.
func (p *parser) directors() {
	switch {
	case p.o.Literal:
		return
	case strings.HasPrefix(p.s, "***="):
		p.at = 4
		p.o.Literal = true
		return
	case strings.HasPrefix(p.s, "***:"):
		p.at = 4
		p.o.Basic = false
	case strings.HasPrefix(p.s, "***"):
		p.fail(badOperand)
	}
	rest := p.s[p.at:]
	if p.o.Basic || len(rest) < 3 || rest[:2] != "(?" || !isLetter(rest[2]) {
		return
	}
	end := strings.IndexByte(rest, ')')
	if end < 0 || !p.o.Set(rest[2:end]) {
		p.fail(badOption)
	}
	p.at += end + 1
}

// Set applies option letters; false when there is an unknown one.
func (o *Options) Set(letters string) bool {
	for i := 0; i < len(letters); i++ {
		switch letters[i] {
		case 'b':
			o.Basic, o.Literal = true, false
		case 'e':
			o.Basic, o.Literal = false, false
		case 'q':
			o.Basic, o.Literal = false, true
		case 'c':
			o.IgnoreCase = false
		case 'i':
			o.IgnoreCase = true
		case 'm', 'n':
			o.StopAtLine, o.LineAnchor = true, true
		case 'p':
			o.StopAtLine, o.LineAnchor = true, false
		case 's':
			o.StopAtLine, o.LineAnchor = false, false
		case 't':
			o.Expanded = false
		case 'w':
			o.StopAtLine, o.LineAnchor = false, true
		case 'x':
			o.Expanded = true
		default:
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (p *parser) literal(s string) *node {
	n := &node{kind: concat}
	for _, r := range s {
		n.subs = append(n.subs, p.char(r))
	}
	return n
}

func (p *parser) char(r rune) *node { return &node{kind: chars, set: single(r)} }

// basicToAdvanced rewrites a POSIX basic expression in the advanced syntax.
func basicToAdvanced(s string) string {
	var out strings.Builder
	start := true // whether a * or ^ here begins an expression
	for i := 0; i < len(s); i++ {
		c := s[i]
		wasStart := start
		start = false
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			switch c = s[i]; {
			case strings.IndexByte("(){}", c) >= 0:
				out.WriteByte(c)
				start = c == '('
			case c == '<':
				out.WriteString(`\m`)
			case c == '>':
				out.WriteString(`\M`)
			default:
				out.WriteString(`\` + string(c))
			}
		case c == '[':
			end := bracketEnd(s, i)
			out.WriteString(strings.ReplaceAll(s[i:end], `\`, `\\`))
			i = end - 1
		case c == '^' && wasStart:
			out.WriteByte('^')
			start = true
		case c == '*' && !wasStart, c == '.', c == '$' && (i+1 == len(s) || strings.HasPrefix(s[i+1:], `\)`)):
			out.WriteByte(c)
		case strings.IndexByte("^$*+?|(){}", c) >= 0:
			out.WriteString(`\` + string(c))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// bracketEnd is the position behind the bracket expression at i.
func bracketEnd(s string, i int) int {
	at := i + 1
	if at < len(s) && s[at] == '^' {
		at++
	}
	if at < len(s) && s[at] == ']' {
		at++
	}
	if n := strings.IndexByte(s[at:], ']'); n >= 0 {
		return at + n + 1
	}
	return len(s)
}

// skipExpanded passes what does not count: comments, and in the expanded syntax white space.
func (p *parser) skipExpanded() {
	for p.at < len(p.s) {
		switch {
		case strings.HasPrefix(p.s[p.at:], "(?#"):
			end := strings.IndexByte(p.s[p.at:], ')')
			if end < 0 {
				p.at = len(p.s)
				return
			}
			p.at += end + 1
		case !p.o.Expanded:
			return
		case strings.IndexByte(" \t\n\r\f\v", p.s[p.at]) >= 0:
			p.at++
		case p.s[p.at] == '#':
			end := strings.IndexByte(p.s[p.at:], '\n')
			if end < 0 {
				p.at = len(p.s)
				return
			}
			p.at += end + 1
		default:
			return
		}
	}
}

func (p *parser) alternatives() *node {
	if p.depth++; p.depth > maxDepth {
		p.fail(tooComplex)
	}
	defer func() { p.depth-- }()
	branches := []*node{p.branch()}
	for p.at < len(p.s) && p.s[p.at] == '|' {
		p.at++
		branches = append(branches, p.branch())
	}
	if len(branches) == 1 {
		return branches[0]
	}
	return &node{kind: alternate, subs: branches}
}

func (p *parser) branch() *node {
	n := &node{kind: concat}
	for {
		p.skipExpanded()
		if p.at >= len(p.s) || p.s[p.at] == '|' || p.s[p.at] == ')' {
			if len(n.subs) == 1 {
				return n.subs[0]
			}
			return n
		}
		n.subs = append(n.subs, p.quantified())
	}
}

// bound is a quantifier; exact says that it is {m}.
type bound struct {
	low, high int
	exact     bool
}

// quantified reads an atom or a constraint and the quantifier behind it.
func (p *parser) quantified() *node {
	atom := p.atom()
	p.skipExpanded()
	b, ok := p.quantifier()
	if !ok {
		return atom
	}
	if atom.kind == assert || atom.kind == look {
		p.fail(badOperand)
	}
	n := &node{kind: repeat, subs: []*node{atom}, min: b.low, max: b.high, prefer: longest}
	if p.at < len(p.s) && p.s[p.at] == '?' {
		p.at++
		n.prefer = shortest
	}
	if b.exact {
		n.prefer = none
	}
	p.skipExpanded()
	if _, again := p.quantifier(); again {
		p.fail(badOperand)
	}
	return n
}

// quantifier reads * + ? {m} {m,} {m,n}.
func (p *parser) quantifier() (b bound, ok bool) {
	if p.at >= len(p.s) {
		return bound{}, false
	}
	switch p.s[p.at] {
	case '*':
		b = bound{0, infinite, false}
	case '+':
		b = bound{1, infinite, false}
	case '?':
		b = bound{0, 1, false}
	case '{':
		if p.at+1 < len(p.s) && isDigit(p.s[p.at+1]) {
			p.at++
			return p.bounds(), true
		}
		return bound{}, false
	default:
		return bound{}, false
	}
	p.at++
	return b, true
}

func (p *parser) bounds() bound {
	low := p.number()
	b := bound{low, low, true}
	if p.at < len(p.s) && p.s[p.at] == ',' {
		p.at++
		b.high, b.exact = infinite, false
		if p.at < len(p.s) && isDigit(p.s[p.at]) {
			b.high = p.number()
		}
	}
	switch {
	case p.at >= len(p.s):
		p.fail(badBraces)
	case p.s[p.at] != '}' || b.low > b.high:
		p.fail(badCount)
	}
	p.at++
	return b
}

func (p *parser) number() int {
	n := 0
	for p.at < len(p.s) && isDigit(p.s[p.at]) {
		n = n*10 + int(p.s[p.at]-'0')
		if n > maxCount {
			p.fail(badCount)
		}
		p.at++
	}
	return n
}

func (p *parser) atom() *node {
	switch c := p.s[p.at]; c {
	case '(':
		return p.parenthesis()
	case '[':
		return p.bracket()
	case '\\':
		p.at++
		return p.escape()
	case '.':
		p.at++
		if p.o.StopAtLine {
			return &node{kind: chars, set: &set{negative: true, ranges: []span{{'\n', '\n'}}}}
		}
		return &node{kind: chars, set: &set{negative: true}}
	case '^':
		p.at++
		return p.anchor(lineStart, textStart)
	case '$':
		p.at++
		return p.anchor(lineEnd, textEnd)
	case '*', '+', '?':
		p.fail(badOperand)
	case '{':
		if p.at+1 < len(p.s) && isDigit(p.s[p.at+1]) {
			p.fail(badOperand)
		}
	}
	r, n := utf8.DecodeRuneInString(p.s[p.at:])
	p.at += n
	return p.char(r)
}

// anchor is ^ or $: at lines only when the options say so.
func (p *parser) anchor(line, text assertion) *node {
	if p.o.LineAnchor {
		return &node{kind: assert, test: line}
	}
	return &node{kind: assert, test: text}
}

func (p *parser) parenthesis() *node {
	p.at++
	n := &node{kind: group}
	switch rest := p.s[p.at:]; {
	case strings.HasPrefix(rest, "?:"):
		p.at += 2
	case strings.HasPrefix(rest, "?="):
		p.at += 2
		n.kind, n.test = look, lookAhead
	case strings.HasPrefix(rest, "?!"):
		p.at += 2
		n.kind, n.test, n.negative = look, lookAhead, true
	case strings.HasPrefix(rest, "?<="):
		p.at += 3
		n.kind, n.test = look, lookBehind
	case strings.HasPrefix(rest, "?<!"):
		p.at += 3
		n.kind, n.test, n.negative = look, lookBehind, true
	case strings.HasPrefix(rest, "?"):
		p.fail(badOperand)
	case p.inLook == 0:
		p.captures++
		n.capture = p.captures
		p.closed = append(p.closed, false)
		p.groups = append(p.groups, n)
	}
	if n.kind == look {
		p.inLook++
	}
	n.subs = []*node{p.alternatives()}
	if n.kind == look {
		p.inLook--
	}
	if p.at >= len(p.s) || p.s[p.at] != ')' {
		p.fail(badParens)
	}
	p.at++
	if n.capture > 0 {
		p.closed[n.capture] = true
	}
	return n
}

// escape reads what follows a backslash outside of brackets.
func (p *parser) escape() *node {
	if p.at >= len(p.s) {
		p.fail(badEscape)
	}
	c := p.s[p.at]
	if test, ok := assertionEscapes[c]; ok {
		p.at++
		return &node{kind: assert, test: test}
	}
	if class, negative, ok := classEscape(c); ok {
		p.at++
		return &node{kind: chars, set: &set{classes: []classRef{{class, negative}}}}
	}
	if c >= '1' && c <= '9' {
		if n := p.reference(); n != nil {
			return n
		}
	}
	return p.char(p.charEscape())
}

var assertionEscapes = map[byte]assertion{
	'A': textStart, 'Z': textEnd, 'm': wordStart, 'M': wordEnd, 'y': wordBorder, 'Y': notBorder,
}

// reference reads a back reference; nil when the digits are an octal number.
func (p *parser) reference() *node {
	end, v := p.at, 0
	for end < len(p.s) && isDigit(p.s[end]) && v < 1000 {
		v = v*10 + int(p.s[end]-'0')
		end++
	}
	if end > p.at+1 && v > p.captures { // more than one digit
		return nil
	}
	if v > p.captures || !p.closed[v] || p.inLook > 0 {
		p.fail(badReference)
	}
	p.at = end
	return &node{kind: backref, capture: v}
}

// charEscape reads an escape that stands for one character.
func (p *parser) charEscape() rune {
	r, n := utf8.DecodeRuneInString(p.s[p.at:])
	if r >= utf8.RuneSelf || !isLetter(byte(r)) && !isDigit(byte(r)) {
		p.at += n
		return r
	}
	p.at++
	switch r {
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 'B':
		return '\\'
	case 'c':
		if p.at >= len(p.s) {
			p.fail(badEscape)
		}
		p.at++
		return rune(p.s[p.at-1] & 0x1f)
	case 'e':
		return 0x1b
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'u':
		return p.digits(16, 4, 4)
	case 'U':
		return p.digits(16, 8, 8)
	case 'x':
		return p.digits(16, 1, 255)
	}
	if r >= '0' && r <= '7' {
		p.at--
		return p.digits(8, 1, 3)
	}
	p.fail(badEscape)
	return 0
}

func (p *parser) digits(base rune, least, most int) rune {
	var v rune
	n := 0
	for n < most && p.at < len(p.s) {
		d := digitOf(p.s[p.at])
		if d >= base {
			break
		}
		if v = v*base + d; v > utf8.MaxRune {
			p.fail(badEscape)
		}
		p.at++
		n++
	}
	if n < least {
		p.fail(badEscape)
	}
	return v
}

func digitOf(c byte) rune {
	switch {
	case isDigit(c):
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return 99
}
