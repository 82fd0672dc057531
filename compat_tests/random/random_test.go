package random

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
)

var (
	seed    = flag.Uint64("seed", 16, "of tables and queries; 0 takes one of the moment")
	queries = flag.Int("queries", 400, "how many queries are asked")
	only    = flag.Int("only", -1, "ask only the query of this number, and print the answers with -v")
	most    = flag.Int("most", 10, "stop after so many differences")
)

// perSchema is how many queries the tables are kept for.
const perSchema = 100

// modes are the ways in which kalampg runs a query, by settings; by settings.
var modes = []struct{ name, set string }{
	{"optimised", ""},
	{"unoptimised", "SET kalam.optimizer = off"},
	{"vectorised", "SET kalam.vectorize = force"},
}

func TestQueries(t *testing.T) {
	ctx := context.Background()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	all := connect(ctx, t)
	found, slowOnes := 0, 0
	defer func() {
		t.Logf("%d queries took too long and were not compared", slowOnes)
		for _, x := range all {
			t.Logf("%s: %v", x.name, x.time.Round(time.Millisecond))
		}
	}()
	var g *generator
	for n := range *queries {
		if n%perSchema == 0 {
			g = &generator{r: rand.New(rand.NewPCG(*seed, uint64(n/perSchema)))}
			g.tables = randomTables(g.r)
			load(ctx, t, all, g.tables)
		}
		g.r = rand.New(rand.NewPCG(*seed, uint64(1_000_000+n)))
		g.names = 0
		q := g.query(nil, 3, nil)
		if *only >= 0 && n != *only {
			continue
		}
		answers, different := differ(ctx, all, q.String())
		if answers == nil {
			slowOnes++
		}
		if *only >= 0 {
			t.Logf("%s\n  %s", q, told(all, answers))
		}
		if !different {
			continue
		}
		report(ctx, t, all, g.tables, q, n)
		if found++; found >= *most {
			t.Fatalf("stopped after %d differences", found)
		}
	}
}

// report prints a difference, made small.
func report(ctx context.Context, t *testing.T, all []*answerer, tables []*table, q *query, n int) {
	small := shrink(q, 1500, func(c *query) bool {
		answers, different := differ(ctx, all, c.String())
		for _, a := range answers {
			different = different && !strings.HasPrefix(a.err, "42") // no query any more
		}
		return different
	})
	answers, _ := differ(ctx, all, small.String())
	text := small.String()
	var needed []string
	for _, x := range tables {
		if strings.Contains(text, x.name+" AS") {
			needed = append(needed, x.ddl...)
		}
	}
	t.Errorf("query %d of -seed=%d:\n%s;\n\n%s;\n  %s", n, *seed, strings.Join(needed, ";\n"), text, told(all, answers))
}

func told(all []*answerer, answers []answer) string {
	var b strings.Builder
	for i, a := range answers {
		fmt.Fprintf(&b, "%s: %s\n  ", all[i].name, a)
	}
	return b.String()
}

// connect starts the servers: kalampg once, with a connection for each mode, and the reference where it is installed.
func connect(ctx context.Context, t *testing.T) []*answerer {
	k, err := server.Start(ctx, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Stop)
	limit := fmt.Sprintf("SET statement_timeout = %d", slow.Milliseconds())
	var all []*answerer
	for _, m := range modes {
		x := &answerer{name: "kalampg " + m.name, dsn: k.DSN("postgres"), set: []string{limit}}
		if m.set != "" {
			x.set = append(x.set, m.set)
		}
		all = append(all, x)
	}
	if _, err := reference.Find(); err != nil {
		t.Log("without PostgreSQL 16: the reference is not installed")
	} else {
		p, err := reference.Start(ctx, reference.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		all = append(all, &answerer{name: "PostgreSQL 16", dsn: p.DSN("postgres"), set: []string{limit}})
	}
	for _, x := range all {
		if err := x.connect(ctx); err != nil {
			t.Fatal(x.name, err)
		}
		t.Cleanup(func() { x.conn.Close(ctx) })
	}
	return all
}

// load makes the tables on every server; the connections to kalampg share one.
func load(ctx context.Context, t *testing.T, all []*answerer, tables []*table) {
	done := map[bool]bool{}
	for _, x := range all {
		ours := strings.HasPrefix(x.name, "kalampg")
		if done[ours] {
			continue
		}
		done[ours] = true
		for _, tab := range tables {
			for _, sql := range append([]string{"DROP TABLE IF EXISTS " + tab.name}, tab.ddl...) {
				if _, err := x.conn.Exec(ctx, sql).ReadAll(); err != nil {
					t.Fatalf("%s: %s: %v", x.name, sql, err)
				}
			}
		}
	}
}
