package isolation

import (
	"fmt"
	"os"
	"strings"
)

// spec is a script.
type spec struct {
	setup, teardown string
	sessions        []*sessionSpec
	permutations    [][]string
}

type sessionSpec struct {
	name, setup string
	steps       []string // names
}

// step is a step of a script.
type step struct {
	name, text string
	session    int
}

// readSpec reads a script and gives its steps by name.
func readSpec(path string) (*spec, map[string]*step, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	s := &spec{}
	steps := map[string]*step{}
	var into *string
	for i, line := range strings.Split(string(content), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var last *sessionSpec
		if n := len(s.sessions); n > 0 {
			last = s.sessions[n-1]
		}
		switch {
		case strings.HasPrefix(line, "#"):
		case word == "setup" && last != nil:
			into, last.setup = &last.setup, rest
		case word == "setup":
			into, s.setup = &s.setup, rest
		case word == "teardown":
			into, s.teardown = &s.teardown, rest
		case word == "session":
			s.sessions = append(s.sessions, &sessionSpec{name: rest})
			into = nil
		case word == "step" && last != nil:
			name, text, _ := strings.Cut(rest, " ")
			if steps[name] != nil {
				return nil, nil, fmt.Errorf("%s:%d: step %s is there twice", path, i+1, name)
			}
			x := &step{name: name, text: strings.TrimSpace(text), session: len(s.sessions) - 1}
			steps[name] = x
			last.steps = append(last.steps, name)
			into = &x.text
		case word == "permutation" && rest == "all":
			s.permutations = append(s.permutations, s.interleavings()...)
			into = nil
		case word == "permutation":
			names := strings.Fields(rest)
			for _, n := range names {
				if steps[strings.TrimSuffix(n, "!")] == nil {
					return nil, nil, fmt.Errorf("%s:%d: there is no step %s", path, i+1, n)
				}
			}
			s.permutations = append(s.permutations, names)
			into = nil
		case into != nil && strings.TrimSpace(line) != "":
			*into = strings.TrimSpace(*into + "\n" + line)
		case strings.TrimSpace(line) != "":
			return nil, nil, fmt.Errorf("%s:%d: %q belongs to nothing", path, i+1, line)
		}
	}
	if len(s.permutations) == 0 {
		return nil, nil, fmt.Errorf("%s has no permutations", path)
	}
	return s, steps, nil
}

// interleavings are all orders of all steps that keep the order within each session.
func (s *spec) interleavings() (all [][]string) {
	at := make([]int, len(s.sessions))
	total := 0
	for _, x := range s.sessions {
		total += len(x.steps)
	}
	var order []string
	var extend func()
	extend = func() {
		if len(order) == total {
			all = append(all, append([]string(nil), order...))
			return
		}
		for i, x := range s.sessions {
			if at[i] < len(x.steps) {
				order = append(order, x.steps[at[i]])
				at[i]++
				extend()
				at[i]--
				order = order[:len(order)-1]
			}
		}
	}
	extend()
	return all
}
