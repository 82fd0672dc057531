package duel

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/compat_tests/reference"
)

// Flags are what every comparison understands.
type Flags struct {
	Seconds, Rounds int
	Clients         []int
	Workloads       []string // of the names that are offered
}

// Parse defines the flags beside those that the caller has defined, and reads them. clients are the default numbers, workloads all the names.
func Parse(seconds int, clients string, workloads []string) (Flags, error) {
	var f Flags
	flag.IntVar(&f.Seconds, "seconds", seconds, "how long each run lasts")
	flag.IntVar(&f.Rounds, "rounds", 3, "how often each run is repeated; the median counts")
	numbers := flag.String("clients", clients, "numbers of connections")
	names := flag.String("workloads", "", "names separated by commas; empty for all: "+strings.Join(workloads, " "))
	flag.Parse()
	for _, text := range strings.Split(*numbers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return f, fmt.Errorf("-clients: %q is not a number of connections", text)
		}
		f.Clients = append(f.Clients, n)
	}
	var err error
	f.Workloads, err = chosen(*names, workloads)
	return f, err
}

func chosen(names string, workloads []string) ([]string, error) {
	if names == "" {
		return workloads, nil
	}
	picked := strings.Split(names, ",")
	for _, name := range picked {
		if !slices.Contains(workloads, name) {
			return nil, fmt.Errorf("-workloads: there is no %q", name)
		}
	}
	return picked, nil
}

// Program finds a program on PATH or where scripts/setup.sh unpacks it.
func Program(name, level string) (string, error) {
	for _, place := range []string{name, filepath.Join(reference.CacheDir(), "bin", name)} {
		if path, err := exec.LookPath(place); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run scripts/setup.sh %s", name, level)
}

// Fatal ends the command with an error.
func Fatal(command string, err error) {
	fmt.Fprintln(os.Stderr, command+":", err)
	os.Exit(1)
}
