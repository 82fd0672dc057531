package builtin

import (
	"sort"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func TestNewRefusesDuplicatesAndUnknown(t *testing.T) {
	code := func(*Call, []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Null, nil }
	for _, c := range []struct {
		name string
		defs []Def
		want string
	}{
		{"twice", []Def{{Name: "int4pl", Scalar: code}, {OID: 177, Scalar: code}}, "defined twice"},
		{"unknown source", []Def{{Name: "int4plus", Scalar: code}}, "no function whose source"},
		{"unknown OID", []Def{{OID: 8999, Scalar: code}}, "no function with OID"},
		{"no code", []Def{{Name: "int4pl"}}, "0 codes"},
		{"not a set", []Def{{OID: 1067, Scalar: code}}, "wrong kind"},
	} {
		_, err := newLibrary([]family{{c.name, c.defs}}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestExtraProcs(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Extra() {
		if got := l.ProcByOID(p.OID); got == nil || got.Name != p.Name {
			t.Errorf("ProcByOID(%d) = %v", p.OID, got)
		}
		if len(l.Procs(p.Name)) == 0 {
			t.Errorf("Procs(%q) is empty", p.Name)
		}
	}
}

// TestCoverage counts the functions with code and, with -v, names those without by the type of their first argument.
func TestCoverage(t *testing.T) {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	total, have := 0, 0
	missing := map[string][]string{}
	procs := pgfacts.Procs()
	for i := range procs {
		p := &procs[i]
		if p.Kind != 'f' && p.Kind != 'a' {
			continue
		}
		total++
		if l.Has(p.OID) {
			have++
			continue
		}
		group := "()"
		if p.Kind == 'a' {
			group = "aggregate"
		} else if len(p.Args) > 0 {
			group = pgtype.ByOID(p.Args[0]).Name
		}
		missing[group] = append(missing[group], Signature(p))
	}
	t.Logf("%d of %d functions and aggregates have code", have, total)
	groups := make([]string, 0, len(missing))
	for g := range missing {
		groups = append(groups, g)
	}
	sort.Strings(groups)
	for _, g := range groups {
		sort.Strings(missing[g])
		t.Logf("%s (%d): %s", g, len(missing[g]), strings.Join(missing[g], ", "))
	}
}
