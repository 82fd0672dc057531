package protocol

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// step is one line of a script with what must come back.
type step struct {
	line    int
	text    string   // as written, comments and empty lines too
	word    string   // its first word, empty for a comment
	rest    string   // what follows, expanded
	want    []string // the lines that start with "< "
	kalampg []string // the lines that start with "<k "
}

// load reads a script.
func load(path string) ([]step, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var steps []step
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if out, ok := strings.CutPrefix(text, "< "); ok && len(steps) > 0 {
			last := &steps[len(steps)-1]
			last.want = append(last.want, out)
			continue
		}
		if out, ok := strings.CutPrefix(text, "<k "); ok && len(steps) > 0 {
			last := &steps[len(steps)-1]
			last.kalampg = append(last.kalampg, out)
			continue
		}
		s := step{line: n, text: text}
		if trimmed := strings.TrimSpace(text); trimmed != "" && trimmed[0] != '#' {
			word, rest, _ := strings.Cut(trimmed, " ")
			if s.word = word; strings.Contains(rest, "{{") {
				if rest, err = expand(rest); err != nil {
					return nil, fmt.Errorf("%s:%d: %w", path, n, err)
				}
			}
			s.rest = rest
		}
		steps = append(steps, s)
	}
	return steps, lines.Err()
}

// save writes a script back with the lines that it has now.
func save(path string, steps []step) error {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.text + "\n")
		for _, w := range s.want {
			b.WriteString("< " + w + "\n")
		}
		for _, w := range s.kalampg {
			b.WriteString("<k " + w + "\n")
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func expand(text string) (string, error) {
	t, err := template.New("").Funcs(template.FuncMap{"repeat": repeat}).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, nil)
	return b.String(), err
}

// repeat writes text n times; %d in it is the number, from 1.
func repeat(n int, text, separator string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteString(separator)
		}
		b.WriteString(strings.ReplaceAll(text, "%d", fmt.Sprint(i)))
	}
	return b.String()
}
