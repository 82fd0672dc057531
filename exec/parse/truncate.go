package parse

import (
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// maxName is how many bytes of a name count (NAMEDATALEN - 1).
const maxName = 63

// truncated gives the notices about the names in a text that are cut. Nearly no text has any, which the first look tells.
func truncated(text string) (notices []*pgerr.Error) {
	if !hasLongRun(text) {
		return nil
	}
	l := lexer{s: text}
	for t := l.next(); t.kind != endOfText; t = l.next() {
		name := text[t.from:t.to]
		switch {
		case t.kind == word:
			name = strings.ToLower(name)
		case t.kind == quoted && name[0] == '"' && len(name) > 2:
			name = strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
		default:
			continue
		}
		if len(name) <= maxName {
			continue
		}
		end := maxName
		for !utf8.RuneStart(name[end]) {
			end--
		}
		notices = append(notices, pgerr.Notice("NOTICE", pgerr.NameTooLong, "identifier \"%s\" will be truncated to \"%s\"", name, name[:end]))
	}
	return notices
}

// hasLongRun tells whether a name can be too long: there are that many bytes without the commonest ones that end it.
func hasLongRun(s string) bool {
	if len(s) <= maxName {
		return false
	}
	// Every run of more than 63 bytes covers a multiple of 64; from there its ends are looked for.
	for at := maxName; at < len(s); at += maxName + 1 {
		from, to := at, at
		for from > 0 && !endsName(s[from-1]) {
			from--
		}
		for to < len(s) && !endsName(s[to]) {
			to++
		}
		if to-from > maxName {
			return true
		}
	}
	return false
}

func endsName(c byte) bool { return c == ',' || c == '(' || c == ')' || c == ';' || c == '\n' }
