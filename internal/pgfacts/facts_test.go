package pgfacts

import "testing"

func TestFacts(t *testing.T) {
	if p := ProcByOID(141); p == nil || p.Name != "int4mul" || len(p.Args) != 2 || p.Args[0] != 23 || !p.Strict || p.Language != "internal" {
		t.Fatalf("int4mul: %+v", p)
	}
	if n := len(OperatorsByName("+")); n < 20 {
		t.Fatalf("%d operators named +", n)
	}
	if c := CastBetween(23, 20); c == nil || c.Context != 'i' {
		t.Fatalf("cast int4 → int8: %+v", c)
	}
	if p := ProcByOID(3464); len(p.Defaults) != 7 || len(p.ArgNames) != 7 {
		t.Fatalf("make_interval: %+v", p)
	}
	for _, name := range []string{"pg_settings", "pg_keywords", "pg_attribute", "pg_description"} {
		if len(Load(name).Rows) == 0 {
			t.Fatalf("%s is empty", name)
		}
	}
}
