package opt

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
)

var rewrite = flag.Bool("rewrite", false, "write the plans of testdata/*.txt into testdata/*.out")

// TestPlans shows the plans of the queries in testdata: those of plans.txt over bindtest's schema without statistics, the others, a file for each group of rules, over the tables of
// shop.schema with statistics.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("testdata/shop.schema")
	if err != nil {
		t.Fatal(err)
	}
	shop := bindtest.EnvOf(t, string(schema))
	statistics := readStatistics(t, shop, "testdata/shop.statistics")
	plain := bindtest.Env(t)
	for _, file := range files {
		env, o := shop, Options{Source: statistics, Functions: shop.Library}
		if file == "testdata/plans.txt" {
			env, o = plain, Options{Functions: plain.Library}
		}
		o.IndexRules = func(table *desc.Relation, rel int32) []plan.IndexRule {
			rules, err := bind.TableRules(env, table, rel)
			if err != nil {
				t.Fatal(err)
			}
			return rules.Indexes
		}
		t.Run(filepath.Base(file), func(t *testing.T) { showPlans(t, env, o, file) })
	}
}

func showPlans(t *testing.T, env *bind.Env, options Options, file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, sql := range strings.Split(strings.TrimSpace(string(b)), "\n\n") {
		stmts, err := parse.Parse(sql)
		if err != nil {
			t.Fatal(sql, err)
		}
		s, err := bind.Bind(context.Background(), env, stmts[0], nil)
		if err != nil {
			t.Fatal(sql, err)
		}
		o := Optimize(s, options)
		checkColumns(t, sql, o.Root)
		show := plan.ExplainOptions{Verbose: true, Costs: options.Source != nil}
		out = append(out, sql+"\n  "+strings.Join(plan.Explain(o, show), "\n  "))
	}
	golden(t, strings.TrimSuffix(file, "txt")+"out", strings.Join(out, "\n\n")+"\n")
}

// golden compares a text with a recorded one.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s has changed (-rewrite):\n%s", path, text)
	}
}

// checkColumns makes sure that a plan reads nothing that is not there.
func checkColumns(t *testing.T, sql string, n plan.Node) {
	t.Helper()
	if out := plan.Outer(n); len(out) > 0 {
		t.Errorf("%s: reads %v, which nothing produces", sql, out)
	}
	plan.Walk(n, func(n plan.Node) {
		p, ok := n.(*plan.Project)
		if !ok {
			return
		}
		have := map[any]bool{}
		for _, id := range p.Input.Columns() {
			have[id] = true
		}
		for _, e := range p.Exprs {
			reads(e).each(func(r int32) {
				found := false
				for _, id := range p.Input.Columns() {
					found = found || id.Rel == r
				}
				if !found {
					t.Errorf("%s: relation %d is not in the input", sql, r)
				}
			})
		}
	})
}
