package parse

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Unescape gives a text as standard_conforming_strings = off reads it: a backslash in a plain string constant is an escape. Each such constant is replaced by what it stands for,
// and by spaces behind it, so that every location stays what it was. The warnings are those of escape_string_warning.
func Unescape(source string) (string, []*pgerr.Error, error) {
	l := lexer{s: source, backslash: true}
	var out []byte
	var warnings []*pgerr.Error
	for t := l.next(); t.kind != endOfText; t = l.next() {
		constant := source[t.from:t.to]
		first := strings.IndexByte(constant, '\\')
		if t.kind == text && l.open && constant[0] == '\'' {
			return "", nil, pgerr.Newf(pgerr.SyntaxError, "unterminated quoted string at or near \"%s\"", constant).At(Position(source, int32(t.from)))
		}
		if t.kind != text || first < 0 || constant[0] != '\'' || len(constant) < 2 || constant[len(constant)-1] != '\'' {
			continue
		}
		if out == nil {
			out = []byte(source)
		}
		plain := append(unescaped(constant[1:len(constant)-1]), '\'')
		n := copy(out[t.from+1:], plain)
		for i := t.from + 1 + n; i < t.to; i++ {
			out[i] = ' '
		}
		warnings = append(warnings, escapeWarning(constant[first+1]).At(Position(source, int32(t.from))))
	}
	if out == nil {
		return source, nil, nil
	}
	return string(out), warnings, nil
}

func escapeWarning(next byte) *pgerr.Error {
	const code = "22P06"
	switch next {
	case '\'':
		return pgerr.Notice("WARNING", code, "nonstandard use of \\' in a string literal").WithHint("Use '' to write quotes in strings, or use the escape string syntax (E'...').")
	case '\\':
		return pgerr.Notice("WARNING", code, "nonstandard use of \\\\ in a string literal").WithHint("Use the escape string syntax for backslashes, e.g., E'\\\\'.")
	}
	return pgerr.Notice("WARNING", code, "nonstandard use of escape in a string literal").WithHint("Use the escape string syntax for escapes, e.g., E'\\r\\n'.")
}

var letterEscapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescaped resolves the escapes of a constant's inside. Quotes stay doubled.
func unescaped(s string) (out []byte) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		c := s[i]
		digits := func(from, most, base int) (value uint64, n int) {
			for n < most && from+n < len(s) {
				if _, err := strconv.ParseUint(s[from+n:from+n+1], base, 8); err != nil {
					break
				}
				n++
			}
			value, _ = strconv.ParseUint(s[from:from+n], base, 64)
			return value, n
		}
		switch {
		case letterEscapes[c] != 0:
			out = append(out, letterEscapes[c])
		case c == '\'':
			out = append(out, "''"...)
		case c >= '0' && c <= '7':
			v, n := digits(i, 3, 8)
			out = append(out, byte(v))
			i += n - 1
		case c == 'x':
			if v, n := digits(i+1, 2, 16); n > 0 {
				out = append(out, byte(v))
				i += n
				continue
			}
			out = append(out, c)
		case c == 'u' || c == 'U':
			want := 4
			if c == 'U' {
				want = 8
			}
			if v, n := digits(i+1, want, 16); n == want && v <= utf8.MaxRune {
				out = utf8.AppendRune(out, rune(v))
				i += n
				continue
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return out
}
