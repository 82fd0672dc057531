package opt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// fakeSource is statistics out of a file: "table name rows bytes", then "column distinct [lowest highest]" for its columns.
type fakeSource map[desc.OID]*desc.Statistics

func (f fakeSource) Statistics(table desc.OID) *desc.Statistics { return f[table] }
func (f fakeSource) Rows(table desc.OID) float64                { return -1 }

func readStatistics(t testing.TB, env *bind.Env, path string) fakeSource {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := fakeSource{}
	var rel *desc.Relation
	number := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		w := strings.Fields(line)
		if w[0] == "table" {
			rel = env.Catalog.RelationByName(desc.PublicOID, w[1])
			f[rel.OID] = &desc.Statistics{Relation: rel.OID, Rows: number(w[2]), Bytes: int64(number(w[2]) * number(w[3])), Scopes: 1}
			continue
		}
		col := rel.Column(w[0])
		typ := pgtype.ByOID(col.Type)
		c := desc.ColumnStatistics{Num: col.Num, Type: col.Type, Distinct: number(w[1])}
		for _, v := range w[2:] {
			d, err := typ.Codec.ParseText(pgtype.Default(), v, -1)
			if err != nil {
				t.Fatal(err)
			}
			c.Bounds = append(c.Bounds, typ.Codec.AppendStored([]byte{}, d))
		}
		c.Ready()
		f[rel.OID].Columns = append(f[rel.OID].Columns, c)
	}
	return f
}

const tpchQueries = "../../compat_tests/tpch/queries"

// tpch binds the TPC-H queries.
func tpch(t testing.TB) (names []string, bound map[string]*plan.Statement, o Options) {
	schema, err := os.ReadFile("testdata/tpch.schema")
	if err != nil {
		t.Fatal(err)
	}
	env := bindtest.EnvOf(t, string(schema))
	o = Options{Source: readStatistics(t, env, "testdata/tpch.statistics"), Functions: env.Library}
	bound = map[string]*plan.Statement{}
	for n := 1; n <= 22; n++ {
		name := fmt.Sprintf("q%02d", n)
		text, err := os.ReadFile(filepath.Join(tpchQueries, name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		stmts, err := parse.Parse(strings.ReplaceAll(string(text), "{fraction}", "0.0001"))
		if err != nil {
			t.Fatal(name, err)
		}
		if bound[name], err = bind.Bind(context.Background(), env, stmts[0], nil); err != nil {
			t.Fatal(name, err)
		}
		names = append(names, name)
	}
	return names, bound, o
}

// TestTPCH shows the plans of TPC-H at scale factor 1.
func TestTPCH(t *testing.T) {
	names, bound, o := tpch(t)
	var out []string
	for _, name := range names {
		s := Optimize(bound[name], o)
		checkColumns(t, name, s.Root)
		out = append(out, name+"\n  "+strings.Join(plan.Explain(s, plan.ExplainOptions{Costs: true}), "\n  "))
	}
	golden(t, "testdata/tpch.out", strings.Join(out, "\n\n")+"\n")
}

func BenchmarkTPCH(b *testing.B) {
	names, bound, o := tpch(b)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Optimize(bound[name], o)
			}
		})
	}
}

func BenchmarkPoint(b *testing.B) {
	env := bindtest.Env(b)
	for _, sql := range []string{"select b from t where a = 1", "update t set b = 'x' where a = $1", "select t.b, u.y from t join u on t.a = u.a where t.a = 5"} {
		stmts, err := parse.Parse(sql)
		if err != nil {
			b.Fatal(err)
		}
		s, err := bind.Bind(context.Background(), env, stmts[0], nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.Fields(sql)[0], func(b *testing.B) {
			for b.Loop() {
				Optimize(s, Options{Functions: env.Library})
			}
		})
	}
}
