package protocol

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	record  = flag.Bool("record", false, "write the expected lines anew from PostgreSQL 16")
	address = flag.String("address", os.Getenv("KALAMPG_PROTOCOL_ADDRESS"), "test the server that listens there instead of starting one")
)

func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts:", err)
	}
	server := *against
	if *record {
		server = target.Reference
	}
	where := *address
	if where == "" {
		s, err := target.Start(context.Background(), server)
		if errors.Is(err, reference.ErrNotInstalled) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		where = fmt.Sprintf("127.0.0.1:%d", s.Port())
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { replay(t, path, where, server) })
	}
}

func replay(t *testing.T, path, where, server string) {
	steps, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(where, steps)
	for i := range steps {
		s := &steps[i]
		want := s.want
		if server == target.Kalampg && s.kalampg != nil {
			want = s.kalampg
		}
		if *record {
			s.want = got[i]
		} else if !slices.Equal(got[i], want) && (err == nil || got[i] != nil) {
			t.Errorf("%s:%d: after %s\ngot\n\t%s\nwant\n\t%s", path, s.line, s.text, strings.Join(got[i], "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	if err != nil {
		t.Fatalf("%s: %v\nafter %q", path, err, got)
	}
	if *record {
		if err := save(path, steps); err != nil {
			t.Fatal(err)
		}
	}
}
