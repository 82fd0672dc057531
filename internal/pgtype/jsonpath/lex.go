package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

type tokenKind uint8

const (
	tEnd tokenKind = iota
	tPunct
	tWord
	tString
	tNumber
	tVariable
)

type token struct {
	kind tokenKind
	text string // of a string its value
	raw  string // as written
}

type lexer struct {
	s string
	i int
}

// syntaxError is the error at a token.
func syntaxError(t token) error {
	if t.kind == tEnd {
		return pgerr.New(pgerr.SyntaxError, "syntax error at end of jsonpath input")
	}
	return pgerr.Newf(pgerr.SyntaxError, "syntax error at or near \"%s\" of jsonpath input", t.raw)
}

// special are the characters that end a word.
const special = "?%$.[]{}()|&!=<>@#,*:-+/\\\" \t\n\r\f"

var punctuation = []string{"**", "&&", "||", "==", "!=", "<>", "<=", ">="}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	start := l.i
	if start == len(l.s) {
		return token{}, nil
	}
	c := l.s[start]
	switch {
	case c == '"':
		text, err := l.quoted()
		return token{tString, text, l.s[start:l.i]}, err
	case c == '$' && start+1 < len(l.s) && l.s[start+1] == '"':
		l.i++
		text, err := l.quoted()
		return token{tVariable, text, l.s[start:l.i]}, err
	case c == '$' && start+1 < len(l.s) && strings.IndexByte(special, l.s[start+1]) < 0:
		l.i++
		text, err := l.word()
		return token{tVariable, text, l.s[start:l.i]}, err
	case digit(c) || c == '.' && start+1 < len(l.s) && digit(l.s[start+1]):
		return l.number()
	case c != '\\' && strings.IndexByte(special, c) >= 0:
		for _, p := range punctuation {
			if strings.HasPrefix(l.s[start:], p) {
				l.i += len(p)
				return token{tPunct, p, p}, nil
			}
		}
		l.i++
		return token{tPunct, l.s[start:l.i], l.s[start:l.i]}, nil
	}
	text, err := l.word()
	return token{tWord, text, l.s[start:l.i]}, err
}

// skip passes blanks and comments.
func (l *lexer) skip() error {
	for {
		for l.i < len(l.s) && strings.IndexByte(" \t\n\r\f", l.s[l.i]) >= 0 {
			l.i++
		}
		if !strings.HasPrefix(l.s[l.i:], "/*") {
			return nil
		}
		end := strings.Index(l.s[l.i+2:], "*/")
		if end < 0 {
			return pgerr.New(pgerr.SyntaxError, "unexpected end of comment at end of jsonpath input")
		}
		l.i += end + 4
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// word reads up to the next special character.
func (l *lexer) word() (string, error) {
	var b strings.Builder
	for l.i < len(l.s) {
		c := l.s[l.i]
		if c == '\\' {
			if err := l.escape(&b); err != nil {
				return "", err
			}
			continue
		}
		if strings.IndexByte(special, c) >= 0 {
			break
		}
		b.WriteByte(c)
		l.i++
	}
	return b.String(), nil
}

func (l *lexer) quoted() (string, error) {
	var b strings.Builder
	for l.i++; l.i < len(l.s); {
		switch l.s[l.i] {
		case '"':
			l.i++
			return b.String(), nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(l.s[l.i])
			l.i++
		}
	}
	return "", pgerr.New(pgerr.SyntaxError, "unterminated quoted string at end of jsonpath input")
}

// escape reads a backslash and what it stands for.
func (l *lexer) escape(b *strings.Builder) error {
	start := l.i
	bad := func(what string) error {
		return pgerr.Newf(pgerr.SyntaxError, "%s at or near \"%s\" of jsonpath input", what, l.s[start:l.i])
	}
	l.i++
	if l.i == len(l.s) {
		return pgerr.New(pgerr.SyntaxError, "unexpected end after backslash at end of jsonpath input")
	}
	c := l.s[l.i]
	l.i++
	if i := strings.IndexByte("bfnrtv", c); i >= 0 {
		b.WriteByte("\b\f\n\r\t\v"[i])
		return nil
	}
	switch c {
	case 'x':
		v, ok := l.hex(2)
		if !ok {
			return bad("invalid hexadecimal character sequence")
		}
		b.WriteRune(v)
	case 'u':
		r, ok := l.unicode()
		if !ok {
			return bad("invalid Unicode escape sequence")
		}
		if utf16.IsSurrogate(r) {
			if !strings.HasPrefix(l.s[l.i:], `\u`) {
				return pgerr.New(pgerr.InvalidTextRepresentation, "Unicode low surrogate must follow a high surrogate")
			}
			l.i += 2
			low, _ := l.unicode()
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return pgerr.New(pgerr.InvalidTextRepresentation, "Unicode low surrogate must follow a high surrogate")
			}
		}
		if r == 0 {
			return pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").WithDetail("\\u0000 cannot be converted to text.")
		}
		b.WriteRune(r)
	default:
		b.WriteByte(c)
	}
	return nil
}

func (l *lexer) unicode() (rune, bool) {
	if l.i < len(l.s) && l.s[l.i] == '{' {
		end := strings.IndexByte(l.s[l.i:], '}')
		if end < 2 || end > 7 {
			return 0, false
		}
		l.i++
		v, ok := l.hex(end - 1)
		l.i++
		return v, ok
	}
	return l.hex(4)
}

func (l *lexer) hex(n int) (rune, bool) {
	if l.i+n > len(l.s) {
		l.i = len(l.s)
		return 0, false
	}
	v, err := strconv.ParseUint(l.s[l.i:l.i+n], 16, 32)
	l.i += n
	return rune(v), err == nil
}

// number reads 12, 1.5, .5, 1e5, 0x1F, 0o17, 0b11 and underscores between digits.
func (l *lexer) number() (token, error) {
	start := l.i
	if l.s[l.i] == '0' && l.i+1 < len(l.s) {
		if base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[l.s[l.i+1]|0x20]; base != 0 {
			l.i += 2
			for l.i < len(l.s) && (strings.IndexByte(special, l.s[l.i]) < 0) {
				l.i++
			}
			v, err := strconv.ParseUint(strings.ReplaceAll(l.s[start+2:l.i], "_", ""), base, 64)
			if err != nil {
				return token{}, pgerr.Newf(pgerr.SyntaxError, "trailing junk after numeric literal at or near \"%s\" of jsonpath input", l.s[start:l.i])
			}
			return token{tNumber, strconv.FormatUint(v, 10), l.s[start:l.i]}, nil
		}
	}
	digits := func() {
		for l.i < len(l.s) && (digit(l.s[l.i]) || l.s[l.i] == '_' && l.i+1 < len(l.s) && digit(l.s[l.i+1])) {
			l.i++
		}
	}
	digits()
	if l.i < len(l.s) && l.s[l.i] == '.' {
		// "1.type()" would be ambiguous; a point belongs to the number, as in PostgreSQL.
		l.i++
		digits()
	}
	if l.i < len(l.s) && l.s[l.i]|0x20 == 'e' {
		l.i++
		if l.i < len(l.s) && (l.s[l.i] == '-' || l.s[l.i] == '+') {
			l.i++
		}
		digits()
	}
	if l.i < len(l.s) && strings.IndexByte(special, l.s[l.i]) < 0 {
		l.i++
		return token{}, pgerr.Newf(pgerr.SyntaxError, "trailing junk after numeric literal at or near \"%s\" of jsonpath input", l.s[start:l.i])
	}
	raw := l.s[start:l.i]
	return token{tNumber, strings.TrimSuffix(strings.ReplaceAll(raw, "_", ""), "."), raw}, nil
}
