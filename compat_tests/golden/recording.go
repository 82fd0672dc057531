package golden

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

const (
	caseMark   = "=== "
	outputMark = "---"
)

// Case is one input and what a server made of it.
type Case struct {
	Number int
	Input  string
	Output string
}

// Write records cases into a file.
func Write(path string, cases []Case) error {
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "%s%d\n%s\n%s\n%s\n", caseMark, c.Number, c.Input, outputMark, c.Output)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Read returns the cases of a recording.
func Read(path string) ([]Case, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cases []Case
	var input, output []string
	inOutput := false
	finish := func() {
		if len(cases) > 0 {
			last := &cases[len(cases)-1]
			last.Input, last.Output = strings.Join(input, "\n"), strings.Join(output, "\n")
		}
		input, output, inOutput = nil, nil, false
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		if number, ok := strings.CutPrefix(line, caseMark); ok {
			n, err := strconv.Atoi(number)
			if err == nil && n == len(cases)+1 {
				finish()
				cases = append(cases, Case{Number: n})
				continue
			}
		}
		switch {
		case len(cases) == 0:
			return nil, fmt.Errorf("%s does not start with a case", path)
		case !inOutput && line == outputMark:
			inOutput = true
		case inOutput:
			output = append(output, line)
		default:
			input = append(input, line)
		}
	}
	finish()
	return cases, nil
}

// Gaps are the cases that are known to fail, as "file:number" with the reason.
type Gaps map[string]string

// ReadGaps reads a list of known gaps; one that does not exist is empty.
func ReadGaps(path string) (Gaps, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Gaps{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	gaps := Gaps{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: %q gives no reason", path, line)
		}
		if _, twice := gaps[key]; twice {
			return nil, fmt.Errorf("%s: %s is listed twice", path, key)
		}
		gaps[key] = strings.TrimSpace(reason)
	}
	return gaps, lines.Err()
}

// Key names a case in a list of known gaps.
func Key(file string, number int) string { return file + ":" + strconv.Itoa(number) }
