package golden

import (
	"fmt"
	"os"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Difference is a case whose output is not the recorded one.
type Difference struct {
	Key      string
	Input    string
	Recorded string
	Got      string
}

// String shows the input and the change of its output.
func (d Difference) String() string {
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(d.Recorded + "\n"), B: difflib.SplitLines(d.Got + "\n"), Context: 3,
	})
	if err != nil {
		diff = err.Error()
	}
	// The lines of the hunk's header tell nothing: there are no line numbers to look up.
	var kept []string
	for _, line := range strings.Split(strings.TrimRight(diff, "\n"), "\n") {
		if !strings.HasPrefix(line, "@@") {
			kept = append(kept, "    "+strings.TrimRight(line, "\n"))
		}
	}
	return fmt.Sprintf("%s\n    %s\n%s", d.Key, strings.ReplaceAll(d.Input, "\n", "\n    "), strings.Join(kept, "\n"))
}

// Line is the difference as one line of a list of gaps: where the output first departs from the recording.
func (d Difference) Line() string {
	recorded, got := strings.Split(d.Recorded, "\n"), strings.Split(d.Got, "\n")
	i := 0
	for i < len(recorded) && i < len(got) && recorded[i] == got[i] {
		i++
	}
	at := func(lines []string) string {
		if i >= len(lines) {
			return "nothing more"
		}
		return strings.TrimSpace(lines[i])
	}
	return fmt.Sprintf("%s gives %q for %q", d.Key, at(got), at(recorded))
}

// WriteLines writes the differences in the form of a list of gaps, to be sorted by cause and given their reasons.
func WriteLines(path string, all []Difference) error {
	var b strings.Builder
	for _, d := range all {
		b.WriteString(d.Line() + "\n")
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Outcome is the comparison of one file.
type Outcome struct {
	Passed int
	Known  int          // failed, and on the list of gaps
	Failed []Difference // failed, and not on the list
	Closed []string     // on the list, and passed: to be taken off it
}

// Total returns how many cases were compared.
func (o Outcome) Total() int { return o.Passed + o.Known + len(o.Failed) + len(o.Closed) }

// Compare sets what a run gave against the recording of the same file. An error means that the recording belongs to an
// older input.
func Compare(file string, recorded, got []Case, gaps Gaps) (Outcome, error) {
	var o Outcome
	if len(recorded) != len(got) {
		return o, fmt.Errorf("the recording of %s holds %d cases and its input %d: record it anew", file, len(recorded), len(got))
	}
	for i, want := range recorded {
		have := got[i]
		key := Key(file, want.Number)
		if want.Input != have.Input {
			return o, fmt.Errorf("the recording of %s is older than its input: record it anew", key)
		}
		_, known := gaps[key]
		switch same := want.Output == have.Output; {
		case same && known:
			o.Closed = append(o.Closed, key)
		case same:
			o.Passed++
		case known:
			o.Known++
		default:
			o.Failed = append(o.Failed, Difference{Key: key, Input: want.Input, Recorded: want.Output, Got: have.Output})
		}
	}
	return o, nil
}
