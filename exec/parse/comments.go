package parse

import "strings"

// manyComments is how many comments a text may hold before they are blanked for the grammar's sake.
const manyComments = 64

// blankComments puts spaces in the place of /* comments */ when there are many. The C scanner takes "/*" for the beginning of an operator and reads on to the end of the run of operator
// characters, for each comment anew: 100,000 of them, side by side or inside each other, keep it busy for a minute, which nothing can cancel. Offsets stay as they are.
func blankComments(s string) string {
	if strings.Count(s, "/*") <= manyComments {
		return s
	}
	out := []byte(s)
	l := lexer{s: s}
	for end := 0; ; {
		t := l.next()
		blankGap(s, out, end, t.from)
		if t.kind == endOfText {
			return string(out)
		}
		end = t.to
	}
}

// blankGap blanks the comments between two tokens. Of one without an end the beginning stays, which the grammar will complain about.
func blankGap(s string, out []byte, from, to int) {
	for from < to {
		switch rest := s[from:to]; {
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				return
			}
			from += end
		case strings.HasPrefix(rest, "/*"):
			l := lexer{s: s[:to], at: from}
			start := from
			if !l.skipComment() {
				start += len("/*")
			}
			for i := start; i < l.at; i++ {
				out[i] = ' '
			}
			from = l.at
		default:
			from++
		}
	}
}
