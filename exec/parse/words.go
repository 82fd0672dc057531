package parse

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// mark is what a rewritten statement keeps of its own words.
type mark struct {
	from, to int // in the source
	class    TableClass
	asUser   string
}

// rewriteWords turns kalampg's own statements into standard ones by blanking words out, so that every location stays what it was:
//
//	CREATE USER TABLE t (…)             CREATE      TABLE t (…)            class 'u'; STREAM and SHARED likewise
//	CREATE NAMESPACE n                  CREATE SCHEMA    n                 DROP and ALTER likewise
//	EXECUTE AS USER 'alice' (SELECT …)                          SELECT …   asUser
//
// Statements that are kalampg's but not there yet are refused by name.
func rewriteWords(s string) (string, []mark, error) {
	if !mayHaveWords(s) {
		return s, nil, nil
	}
	w := &rewriter{lexer: lexer{s: s}, source: s}
	for {
		first := w.next()
		if first.kind == endOfText {
			break
		}
		if err := w.statement(first); err != nil {
			return "", nil, err
		}
	}
	if w.out == nil {
		return s, nil, nil
	}
	return string(w.out), w.marks, nil
}

// firstWords start the statements that rewriteWords knows.
var firstWords = map[string]bool{
	"create": true, "drop": true, "alter": true, "execute": true, "subscribe": true, "flush": true, "export": true, "kill": true, "backup": true,
	"restore": true, "check": true, "copy": true, "declare": true, "explain": true, "show": true,
}

// mayHaveWords is the cheap test that nearly all texts fail: a single statement that starts with a word of no interest.
func mayHaveWords(s string) bool {
	l := lexer{s: s}
	t := l.next()
	if t.kind == word && firstWords[strings.ToLower(s[t.from:t.to])] {
		return true
	}
	rest := strings.TrimRight(s, "; \t\r\n")
	return strings.IndexByte(rest, ';') >= 0 && t.kind != endOfText
}

type rewriter struct {
	lexer
	source string
	out    []byte
	marks  []mark
}

// is tells whether a token is one of the words.
func (w *rewriter) is(t token, words ...string) bool {
	if t.kind != word {
		return false
	}
	for _, x := range words {
		if strings.EqualFold(w.source[t.from:t.to], x) {
			return true
		}
	}
	return false
}

func (w *rewriter) isChar(t token, c byte) bool {
	return t.kind == punctuation && w.source[t.from] == c
}

// blank writes spaces over a part of the output, and then text into its start.
func (w *rewriter) blank(from, to int, text string) {
	if w.out == nil {
		w.out = []byte(w.source)
	}
	for i := from; i < to; i++ {
		if w.out[i] != '\n' {
			w.out[i] = ' '
		}
	}
	copy(w.out[from:to], text)
}

// statement handles the statement that starts with first and moves behind its semicolon.
func (w *rewriter) statement(first token) error {
	if w.isChar(first, ';') {
		return nil
	}
	second := w.next()
	third := token{}
	ends := func(t token) bool { return t.kind == endOfText || w.isChar(t, ';') }
	if !ends(second) {
		third = w.next()
	}
	if f := w.missing(first, second, third); f != "" {
		return pgerr.Unsupported(f)
	}
	switch {
	case ends(second):
		return nil
	case w.is(first, "create") && w.is(second, "user", "stream", "shared") && w.is(third, "table"):
		class := map[byte]TableClass{'u': UserTable, 't': StreamTable, 'h': SharedTable}[w.classLetter(second)]
		w.blank(second.from, second.to, "")
		w.marks = append(w.marks, mark{from: first.from, to: third.to, class: class})
	case w.is(first, "create", "drop", "alter") && w.is(second, "namespace"):
		w.blank(second.from, second.to, "SCHEMA")
	case w.is(first, "execute") && w.is(second, "as") && w.is(third, "user"):
		return w.executeAs(first)
	}
	for t := third; !ends(t); {
		t = w.next()
	}
	return nil
}

// classLetter tells USER, STREAM and SHARED apart by a letter each.
func (w *rewriter) classLetter(t token) byte {
	switch {
	case w.is(t, "user"):
		return 'u'
	case w.is(t, "stream"):
		return 't'
	}
	return 'h'
}

// missing names the feature of a statement that kalampg is to have and has not, "" for all others.
func (w *rewriter) missing(first, second, third token) string {
	switch {
	case w.is(first, "subscribe"), w.is(first, "explain") && w.is(second, "subscribe"), w.is(first, "copy") && w.isChar(second, '(') && w.is(third, "subscribe"):
		return "SUBSCRIBE"
	case w.is(first, "flush") && w.is(second, "table", "all"):
		return "FLUSH TABLE"
	case w.is(first, "create", "alter", "drop", "check", "show") && w.is(second, "storage", "storages"):
		return strings.ToUpper(w.source[first.from:first.to]) + " STORAGE"
	case w.is(first, "export") && w.is(second, "user", "data"):
		return "EXPORT USER DATA"
	case w.is(first, "kill"):
		return "KILL"
	case w.is(first, "backup") && w.is(second, "database"):
		return "BACKUP DATABASE"
	case w.is(first, "restore") && w.is(second, "database"):
		return "RESTORE DATABASE"
	}
	return ""
}

// executeAs takes EXECUTE AS USER 'name' (statement) apart; the inner statement stays where it is.
func (w *rewriter) executeAs(first token) error {
	bad := func(t token) error {
		near := "end of input"
		if t.kind != endOfText {
			near = `or near "` + w.source[t.from:t.to] + `"`
		}
		return pgerr.Newf(pgerr.SyntaxError, "syntax error at %s", near).At(Position(w.source, int32(t.from))).
			WithHint("EXECUTE AS USER 'name' (statement)")
	}
	user := w.next()
	var name string
	switch {
	case user.kind == text && w.source[user.from] == '\'' && user.to-user.from > 2:
		name = strings.ReplaceAll(w.source[user.from+1:user.to-1], "''", "'")
	case user.kind == word:
		name = strings.ToLower(w.source[user.from:user.to])
	case user.kind == quoted && w.source[user.from] == '"' && user.to-user.from > 2:
		name = strings.ReplaceAll(w.source[user.from+1:user.to-1], `""`, `"`)
	default:
		return bad(user)
	}
	open := w.next()
	if !w.isChar(open, '(') {
		return bad(open)
	}
	depth := 1
	for depth > 0 {
		t := w.next()
		switch {
		case t.kind == endOfText:
			return bad(t)
		case w.isChar(t, '('):
			depth++
		case w.isChar(t, ')'):
			depth--
		}
		if depth == 0 {
			w.blank(first.from, open.to, "")
			w.blank(t.from, t.to, "")
			w.marks = append(w.marks, mark{from: first.from, to: t.to, asUser: name})
		}
	}
	if t := w.next(); t.kind != endOfText && !w.isChar(t, ';') {
		return bad(t)
	}
	return nil
}
