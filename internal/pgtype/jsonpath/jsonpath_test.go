package jsonpath

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// Printed forms and results, as PostgreSQL 16 gives them.
func TestPrint(t *testing.T) {
	for _, c := range [][2]string{
		{`$.a == 1`, `($."a" == 1)`},
		{`strict $.a[1, 2 to last]`, `strict $."a"[1,2 to last]`},
		{`$.**{2 to 5}.b`, `$.**{2 to 5}."b"`},
		{`($.a + 1).type()`, `($."a" + 1).type()`},
		{`$ ? (!(@.a == 1) && exists(@.b))`, `$?(!(@."a" == 1) && exists (@."b"))`},
		{`$ ? (@ like_regex "^x" flag "mi")`, `$?(@ like_regex "^x" flag "im")`},
		{`-1`, `-1`},
		{`-$`, `(-$)`},
	} {
		p, err := Parse(c[0])
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		if got := p.String(); got != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got, c[1])
		}
		again, err := Parse(c[1])
		if err != nil || again.String() != c[1] {
			t.Errorf("%s: the printed form reads as %v, %v", c[1], again, err)
		}
	}
}

func TestEach(t *testing.T) {
	for _, c := range []struct{ value, path, want string }{
		{`[1,2,[3,4]]`, `$[*][*]`, `1 2 3 4`},
		{`{"a":[1,2,3]}`, `$.a[*] ? (@ > 1)`, `2 3`},
		{`{"a":{"b":[1,{"c":2}]}}`, `strict $.**.c`, `2`},
		{`[{"a":1},{"b":2}]`, `$.a`, `1`},
		{`[1,"a",null]`, `$[*] ? ((@ > 0) is unknown)`, `"a"`},
		{`{"a":1}`, `strict $.b`, `error JSON object does not contain key "b"`},
		{`7`, `$ % 4`, `3`},
	} {
		p, err := Parse(c.path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonb.Parse(c.value)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = p.Each(v, Options{}, func(x *jsonb.Value) bool { got = append(got, x.String()); return true })
		if err != nil {
			got = append(got, "error "+err.Error())
		}
		if s := strings.Join(got, " "); !strings.HasPrefix(s, c.want) {
			t.Errorf("%s on %s: got %s, want %s", c.path, c.value, s, c.want)
		}
	}
}

func TestHardErrorsAreNotSuppressed(t *testing.T) {
	p, err := Parse(`$ ? (@ == $x)`)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Each(&jsonb.Value{}, Options{}, func(*jsonb.Value) bool { return true })
	if err == nil || Suppressible(err) || errors.Is(Cause(err), errStop) {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`$.a[*] ? (@.b == 1)`, `strict $.**{1 to last}`, `"\u{1F600}"`, `-(1 + 2) % $x`, `$[last - 1]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			t.Skip("no text in a database is like this")
		}
		p, err := Parse(s)
		if err != nil {
			return
		}
		form := p.String()
		again, err := Parse(form)
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", s, form, err)
		}
		if again.String() != form {
			t.Fatalf("%q prints as %q and then as %q", s, form, again)
		}
	})
}
