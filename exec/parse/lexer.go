package parse

import "strings"

// tokenKind is as fine as the scans before the grammar need it.
type tokenKind uint8

const (
	endOfText tokenKind = iota
	word                // a keyword or an unquoted identifier
	quoted              // a quoted identifier
	text                // a string constant of any form
	number
	punctuation // one of ( ) [ ] , ; .
	operator    // a run of operator characters
)

// token is a piece of the source.
type token struct {
	kind     tokenKind
	from, to int
}

// lexer reads PostgreSQL's tokens without judging them: what is malformed is the grammar's to report.
type lexer struct {
	s  string
	at int
	// backslash says that it escapes in plain string constants too (standard_conforming_strings = off).
	backslash bool
	open      bool // the last string constant did not end
}

// isOperator tells the bytes of operators.
var isOperator = func() (set [256]bool) {
	for _, c := range []byte("~!@#^&|`?+-*/%<>=:$") {
		set[c] = true
	}
	return set
}()

func (l *lexer) next() token {
	l.skipSpace()
	if l.at >= len(l.s) {
		return token{endOfText, len(l.s), len(l.s)}
	}
	from := l.at
	kind := l.advance()
	return token{kind, from, l.at}
}

func (l *lexer) advance() tokenKind {
	c := l.s[l.at]
	switch {
	case c == '\'':
		l.skipString(l.backslash)
		return text
	case c == '"':
		l.skipQuoted('"')
		return quoted
	case c == '$':
		return l.dollar()
	case isWordStart(c):
		return l.wordOrString()
	case isDigit(c):
		for l.at < len(l.s) && (isWordByte(l.s[l.at]) || l.s[l.at] == '.') {
			l.at++
		}
		return number
	case isOperator[c]:
		l.operator()
		return operator
	}
	l.at++
	return punctuation
}

// operator stops in front of a comment.
func (l *lexer) operator() {
	l.at++
	for l.at < len(l.s) && isOperator[l.s[l.at]] && l.s[l.at] != '$' {
		if rest := l.s[l.at:]; strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*") {
			return
		}
		l.at++
	}
}

func (l *lexer) wordOrString() tokenKind {
	from := l.at
	for l.at < len(l.s) && (isWordByte(l.s[l.at]) || l.s[l.at] == '$') {
		l.at++
	}
	if l.at < len(l.s) && l.s[l.at] == '\'' && l.at-from == 1 && strings.IndexByte("eEbBxXnN", l.s[from]) >= 0 {
		l.skipString(l.s[from]|0x20 == 'e')
		return text
	}
	if strings.EqualFold(l.s[from:l.at], "u") && strings.HasPrefix(l.s[l.at:], "&'") {
		l.at++
		l.skipString(false)
		return text
	}
	if strings.EqualFold(l.s[from:l.at], "u") && strings.HasPrefix(l.s[l.at:], `&"`) {
		l.at++
		l.skipQuoted('"')
		return quoted
	}
	return word
}

// dollar reads a parameter or a dollar-quoted string.
func (l *lexer) dollar() tokenKind {
	rest := l.s[l.at:]
	i := 1
	for i < len(rest) && isWordByte(rest[i]) && (i > 1 || !isDigit(rest[i])) {
		i++
	}
	if i < len(rest) && rest[i] == '$' {
		tag := rest[:i+1]
		if end := strings.Index(rest[len(tag):], tag); end >= 0 {
			l.at += 2*len(tag) + end
		} else {
			l.at = len(l.s)
		}
		return text
	}
	l.at++
	for l.at < len(l.s) && isDigit(l.s[l.at]) {
		l.at++
	}
	return number
}

func (l *lexer) skipString(backslash bool) {
	for l.at++; l.at < len(l.s); l.at++ {
		switch l.s[l.at] {
		case '\\':
			if backslash {
				l.at++
			}
		case '\'':
			if l.at+1 >= len(l.s) || l.s[l.at+1] != '\'' {
				l.at++
				return
			}
			l.at++
		}
	}
	l.at, l.open = len(l.s), true
}

func (l *lexer) skipQuoted(q byte) {
	for l.at++; l.at < len(l.s); l.at++ {
		if l.s[l.at] == q {
			if l.at+1 >= len(l.s) || l.s[l.at+1] != q {
				l.at++
				return
			}
			l.at++
		}
	}
	l.at = len(l.s)
}

// skipSpace passes white space and comments, which nest.
func (l *lexer) skipSpace() {
	for l.at < len(l.s) {
		switch c := l.s[l.at]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.at++
		case c == '-' && strings.HasPrefix(l.s[l.at:], "--"):
			end := strings.IndexAny(l.s[l.at:], "\r\n")
			if end < 0 {
				l.at = len(l.s)
				return
			}
			l.at += end
		case c == '/' && strings.HasPrefix(l.s[l.at:], "/*"):
			l.skipComment()
		default:
			return
		}
	}
}

// skipComment reads a comment with those inside it; false when it does not end.
func (l *lexer) skipComment() bool {
	depth := 0
	for l.at < len(l.s) {
		switch rest := l.s[l.at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			l.at += 2
			if depth == 0 {
				return true
			}
		default:
			l.at++
		}
	}
	return false
}

func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isWordStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }
func isWordByte(c byte) bool  { return isWordStart(c) || isDigit(c) }
