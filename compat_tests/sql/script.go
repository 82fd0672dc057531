package sql

import "strings"

// statement is one Query message, with the data to send when the server asks for COPY input.
type statement struct {
	text    string
	copy    string
	session string // the name of the session that sends it; empty for the first
}

// input returns the statement as the recording repeats it.
func (s statement) input() string {
	text := s.text
	if s.session != "" {
		text = sessionMark + s.session + "\n" + text
	}
	if s.copy != "" {
		text += "\n" + s.copy + `\.`
	}
	return text
}

// sessionMark starts a comment that hands the following statements to another session.
const sessionMark = "-- session "

// parseScript splits a file into statements. The rule is by lines, not by SQL's grammar, so that a statement with an
// unterminated quote can be a case.
func parseScript(content string) []statement {
	var statements []statement
	var pending []string
	session := ""
	lines := strings.Split(content, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " \t\r")
		if len(pending) == 0 && (line == "" || strings.HasPrefix(line, "--")) {
			if name, ok := strings.CutPrefix(line, sessionMark); ok {
				session = name
			}
			continue
		}
		pending = append(pending, line)
		if !strings.HasSuffix(line, ";") {
			continue
		}
		s := statement{text: strings.Join(pending, "\n"), session: session}
		pending = nil
		if readsCopyData(s.text) {
			end := i + 1
			for end < len(lines) && lines[end] != `\.` {
				s.copy += lines[end] + "\n"
				end++
			}
			i = end
		}
		statements = append(statements, s)
	}
	if len(pending) > 0 {
		statements = append(statements, statement{text: strings.Join(pending, "\n"), session: session})
	}
	return statements
}

func readsCopyData(text string) bool {
	lower := strings.ToLower(text)
	return strings.HasPrefix(lower, "copy ") && strings.Contains(lower, "from stdin")
}

// single says whether the statement is exactly one, and so fit for the extended protocol, which takes no more. Only
// semicolons outside of quotes and comments separate statements; where that is in doubt the answer is no.
func (s statement) single() bool {
	body := strings.TrimSuffix(s.text, ";")
	return s.copy == "" && strings.TrimSpace(body) != "" && !strings.Contains(body, ";")
}
