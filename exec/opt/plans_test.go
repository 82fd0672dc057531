package opt

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
)

var rewrite = flag.Bool("rewrite", false, "write the plans of testdata/plans.txt into testdata/plans.out")

// TestPlans shows the plans of testdata/plans.txt. The columns of scans are checked against what the plan above reads.
func TestPlans(t *testing.T) {
	env := bindtest.Env(t)
	b, err := os.ReadFile("testdata/plans.txt")
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
		o := Optimize(s, Options{Functions: env.Library})
		checkColumns(t, sql, o.Root)
		out = append(out, sql+"\n  "+strings.Join(plan.Explain(o, plan.ExplainOptions{Verbose: true}), "\n  "))
	}
	text := strings.Join(out, "\n\n") + "\n"
	if *rewrite {
		if err := os.WriteFile("testdata/plans.out", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("testdata/plans.out")
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("plans have changed (-rewrite):\n%s", text)
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
