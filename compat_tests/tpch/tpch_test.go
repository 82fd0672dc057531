package tpch

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	record  = flag.Bool("record", false, "record the answers anew from the reference PostgreSQL")
)

// scale is that of the recorded answers.
var scale = At(0.01)

func TestAnswers(t *testing.T) {
	which := *against
	if *record {
		which = target.Reference
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	server, err := target.Start(ctx, which)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	conn, err := pgconn.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := scale.Load(ctx, conn, func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "ANALYZE").ReadAll(); err != nil {
		t.Fatal(err)
	}
	modes := []string{""}
	if which == target.Kalampg {
		modes = modesOfKalampg
	}
	for _, mode := range modes {
		if mode != "" {
			if _, err := conn.Exec(ctx, mode).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		for n := 1; n <= Queries; n++ {
			t.Run(strings.TrimSpace(fmt.Sprintf("q%02d %s", n, mode[strings.LastIndex(mode, " ")+1:])), func(t *testing.T) {
				checkAnswer(ctx, t, conn, n)
			})
		}
	}
}

// modesOfKalampg are settings under which every query must give the same.
var modesOfKalampg = []string{"SET kalam.vectorize = on", "SET kalam.vectorize = off", "SET kalam.vectorize = force"}

func checkAnswer(ctx context.Context, t *testing.T, conn *pgconn.PgConn, n int) {
	rows, err := Answer(ctx, conn, scale.Query(n))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", fmt.Sprintf("q%02d.answer", n))
	got := strings.Join(append(rows, ""), "\n")
	if *record {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(recorded), "\n"), "\n")
	if string(recorded) == "" {
		want = nil
	}
	// Rows that are equal in ORDER BY may come in either order.
	slices.Sort(want)
	slices.Sort(rows)
	if !slices.Equal(want, rows) {
		t.Errorf("%d rows:\n%s\nrecorded %d rows:\n%s", len(rows), strings.Join(rows, "\n"), len(want), strings.Join(want, "\n"))
	}
}

func TestGeneratorRepeatsItself(t *testing.T) {
	small := At(0.001)
	for _, table := range Tables {
		var a, b bytes.Buffer
		if err := small.Write(table, &a); err != nil {
			t.Fatal(err)
		}
		if err := small.Write(table, &b); err != nil {
			t.Fatal(err)
		}
		if a.Len() == 0 || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: %d bytes, then %d", table, a.Len(), b.Len())
		}
	}
}
