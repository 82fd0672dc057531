package jsonb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokString
	tokNumber
	tokTrue
	tokFalse
	tokNull
	tokPunct // the character is in the text
)

// maxDepth bounds the nesting, as PostgreSQL's stack does.
const maxDepth = 6000

// parser reads JSON; with build it makes a tree and decodes strings, else it only checks.
type parser struct {
	s     string
	i     int
	build bool

	kind  tokenKind
	start int    // of the token
	str   string // a string's value, when building
	depth int
}

// fail is the error of malformed input at the current token.
func (p *parser) fail(format string, args ...any) error {
	return p.failCode(pgerr.InvalidTextRepresentation, "invalid input syntax for type json", format, args...)
}

func (p *parser) failCode(code pgerr.Code, message, format string, args ...any) error {
	e := pgerr.New(code, message)
	e.Detail = fmt.Sprintf(format, args...)
	e.Where = p.where()
	return e
}

// where shows the line up to the error, as PostgreSQL's CONTEXT does: at most 50 bytes before it.
func (p *parser) where() string {
	line, start := 1, 0
	for k := 0; k < p.i && k < len(p.s); k++ {
		if p.s[k] == '\n' {
			line++
			start = k + 1
		}
	}
	prefix, suffix := "", ""
	if p.i-start >= 50 {
		for p.i-start >= 50 || start < p.i && !utf8.RuneStart(p.s[start]) {
			start++
		}
		if start > 3 {
			prefix = "..."
		}
	}
	if p.kind != tokEnd && p.i < len(p.s) && p.s[p.i] != '\n' && p.s[p.i] != '\r' {
		suffix = "..."
	}
	return fmt.Sprintf("JSON data, line %d: %s%s%s", line, prefix, p.s[start:p.i], suffix)
}

func (p *parser) token() string { return p.s[p.start:p.i] }

func (p *parser) failToken() error { return p.fail("Token \"%s\" is invalid.", p.token()) }

// expected is the error of a token that cannot stand here.
func (p *parser) expected(what string) error {
	if p.kind == tokEnd {
		return p.fail("The input string ended unexpectedly.")
	}
	return p.fail("Expected %s, but found \"%s\".", what, p.token())
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// next reads a token.
func (p *parser) next() error {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.i]) >= 0 {
		p.i++
	}
	p.start = p.i
	if p.i == len(p.s) {
		p.kind = tokEnd
		return nil
	}
	p.kind = tokPunct
	switch c := p.s[p.i]; {
	case strings.IndexByte("{}[],:", c) >= 0:
		p.i++
		return nil
	case c == '"':
		return p.lexString()
	case c == '-' || c >= '0' && c <= '9':
		return p.lexNumber()
	}
	for p.i < len(p.s) && wordByte(p.s[p.i]) {
		p.i++
	}
	switch p.token() {
	case "":
		_, n := utf8.DecodeRuneInString(p.s[p.i:])
		p.i += n
		return p.failToken()
	case "true":
		p.kind = tokTrue
	case "false":
		p.kind = tokFalse
	case "null":
		p.kind = tokNull
	default:
		return p.failToken()
	}
	return nil
}

// lexNumber reads what RFC 8259 calls a number; whatever runs on behind it belongs to the bad token.
func (p *parser) lexNumber() error {
	digits := func() bool {
		from := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	good := true
	if p.s[p.i] == '-' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '0' {
		p.i++
	} else {
		good = digits()
	}
	if good && p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		good = digits()
	}
	if good && p.i < len(p.s) && p.s[p.i]|0x20 == 'e' {
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		good = digits()
	}
	for p.i < len(p.s) && wordByte(p.s[p.i]) {
		p.i++
		good = false
	}
	if !good {
		return p.failToken()
	}
	p.kind = tokNumber
	return nil
}

// lexString reads a string; its value is a part of the input unless there are escapes.
func (p *parser) lexString() error {
	p.kind = tokString
	p.i++
	var decoded []byte
	from := p.i
	high := rune(0) // a high surrogate that waits for its other half
	for {
		if p.i == len(p.s) {
			return p.failToken()
		}
		c := p.s[p.i]
		switch {
		case c == '"':
			if high != 0 {
				return p.failSurrogate("Unicode low surrogate must follow a high surrogate.")
			}
			if p.build {
				if p.str = p.s[from:p.i]; decoded != nil {
					p.str = string(append(decoded, p.str...))
				}
			}
			p.i++
			return nil
		case c < 0x20:
			return p.fail("Character with value 0x%02x must be escaped.", c)
		case c != '\\':
			if high != 0 {
				return p.failSurrogate("Unicode low surrogate must follow a high surrogate.")
			}
			p.i++
			continue
		}
		if p.build {
			decoded = append(decoded, p.s[from:p.i]...)
		}
		p.i++
		if p.i == len(p.s) {
			return p.failToken()
		}
		c = p.s[p.i]
		p.i++
		if c == 'u' {
			r, err := p.lexUnicode()
			if err != nil {
				return err
			}
			if decoded, high, err = p.addRune(decoded, high, r); err != nil {
				return err
			}
			from = p.i
			continue
		}
		at := strings.IndexByte(`"\/bfnrt`, c)
		if at < 0 {
			p.i--
			_, n := utf8.DecodeRuneInString(p.s[p.i:])
			from := p.i
			p.i += n
			return p.fail("Escape sequence \"\\%s\" is invalid.", p.s[from:p.i])
		}
		if high != 0 {
			return p.failSurrogate("Unicode low surrogate must follow a high surrogate.")
		}
		if p.build {
			decoded = append(decoded, "\"\\/\b\f\n\r\t"[at])
		}
		from = p.i
	}
}

func (p *parser) failSurrogate(detail string) error { return p.fail("%s", detail) }

func (p *parser) lexUnicode() (rune, error) {
	r := rune(0)
	for k := 0; k < 4; k++ {
		if p.i == len(p.s) {
			return 0, p.failToken()
		}
		c := p.s[p.i]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			_, n := utf8.DecodeRuneInString(p.s[p.i:])
			p.i += n
			return 0, p.fail("\"\\u\" must be followed by four hexadecimal digits.")
		}
		p.i++
	}
	return r, nil
}

// addRune appends an escaped character, putting surrogates together. Text that is only checked keeps its escapes, so anything goes.
func (p *parser) addRune(decoded []byte, high, r rune) ([]byte, rune, error) {
	if !p.build {
		return decoded, 0, nil
	}
	switch {
	case r >= 0xD800 && r < 0xDC00:
		if high != 0 {
			return nil, 0, p.failSurrogate("Unicode high surrogate must not follow a high surrogate.")
		}
		return decoded, r, nil
	case r >= 0xDC00 && r < 0xE000:
		if high == 0 {
			return nil, 0, p.failSurrogate("Unicode low surrogate must follow a high surrogate.")
		}
		return utf8.AppendRune(decoded, (high-0xD800)<<10+(r-0xDC00)+0x10000), 0, nil
	case high != 0:
		return nil, 0, p.failSurrogate("Unicode low surrogate must follow a high surrogate.")
	case r == 0:
		return nil, 0, p.failCode(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence", "\\u0000 cannot be converted to text.")
	}
	return utf8.AppendRune(decoded, r), 0, nil
}

// Check verifies that s is JSON.
func Check(s string) error {
	p := parser{s: s}
	_, err := p.document()
	return err
}

// Parse reads JSON into a tree, as the cast to jsonb.
func Parse(s string) (*Value, error) {
	p := parser{s: s, build: true}
	v, err := p.document()
	if err != nil {
		return nil, err
	}
	return &v, nil
}

func (p *parser) document() (Value, error) {
	if err := p.next(); err != nil {
		return Value{}, err
	}
	v, err := p.value()
	if err == nil && p.kind != tokEnd {
		err = p.expected("end of input")
	}
	return v, err
}

func (p *parser) is(c byte) bool { return p.kind == tokPunct && p.s[p.start] == c }

// value reads a value and the token behind it.
func (p *parser) value() (v Value, err error) {
	switch {
	case p.kind == tokString:
		v = Value{Kind: String, Str: p.str}
	case p.kind == tokNumber:
		if p.build {
			v, err = numberValue(p.token())
		}
	case p.kind == tokTrue, p.kind == tokFalse:
		v = Value{Kind: Bool, Bool: p.kind == tokTrue}
	case p.kind == tokNull:
	case p.is('{'), p.is('['):
		if p.depth++; p.depth > maxDepth {
			return v, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
				WithHint("Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
		}
		if p.is('{') {
			v, err = p.object()
		} else {
			v, err = p.array()
		}
		p.depth--
	default:
		return v, p.expected("JSON value")
	}
	if err != nil {
		return v, err
	}
	return v, p.next()
}

func (p *parser) array() (Value, error) {
	v := Value{Kind: Array}
	if err := p.next(); err != nil || p.is(']') {
		return v, err
	}
	for {
		item, err := p.value()
		if err != nil {
			return v, err
		}
		if p.build {
			v.Items = append(v.Items, item)
		}
		if p.is(']') {
			return v, nil
		}
		if !p.is(',') {
			return v, p.expected(`"," or "]"`)
		}
		if err := p.next(); err != nil {
			return v, err
		}
	}
}

func (p *parser) object() (Value, error) {
	v := Value{Kind: Object}
	if err := p.next(); err != nil || p.is('}') {
		return v, err
	}
	want := `string or "}"`
	for {
		if p.kind != tokString {
			return v, p.expected(want)
		}
		key := p.str
		if err := p.next(); err != nil {
			return v, err
		}
		if !p.is(':') {
			return v, p.expected(`":"`)
		}
		if err := p.next(); err != nil {
			return v, err
		}
		item, err := p.value()
		if err != nil {
			return v, err
		}
		if p.build {
			v.Keys, v.Items = append(v.Keys, key), append(v.Items, item)
		}
		if p.is('}') {
			v.sortKeys()
			return v, nil
		}
		if !p.is(',') {
			return v, p.expected(`"," or "}"`)
		}
		if err := p.next(); err != nil {
			return v, err
		}
		want = "string"
	}
}
