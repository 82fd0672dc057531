package jsonb

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/internal/pgerr"
)

var record = flag.Bool("record", false, "ask the PostgreSQL at KALAMPG_REFERENCE_DSN and write testdata again")

const referenceFile = "testdata/reference.tsv"

// operation is an SQL expression of $1, $2 … as text with what this package has for it.
type operation struct {
	name, sql string
	run       func(a []string) (string, error)
}

func parse(s string) *Value {
	v, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return v
}

func print(v *Value, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if v == nil {
		return "NULL", nil
	}
	return v.String(), nil
}

// path splits "a,b" as the text array of the SQL does.
func path(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

var operations = []operation{
	{"cmp", "sign(jsonb_cmp($1::jsonb, $2::jsonb))", func(a []string) (string, error) { return strconv.Itoa(Compare(parse(a[0]), parse(a[1]))), nil }},
	{"contains", "$1::jsonb @> $2::jsonb", func(a []string) (string, error) { return strconv.FormatBool(Contains(parse(a[0]), parse(a[1]))), nil }},
	{"concat", "$1::jsonb || $2::jsonb", func(a []string) (string, error) { return print(Concat(parse(a[0]), parse(a[1])), nil) }},
	{"exists", "$1::jsonb ? $2::text", func(a []string) (string, error) { return strconv.FormatBool(parse(a[0]).Exists(a[1])), nil }},
	{"field", "$1::jsonb -> $2::text", func(a []string) (string, error) { return print(parse(a[0]).Field(a[1]), nil) }},
	{"index", "$1::jsonb -> $2::int", func(a []string) (string, error) { return print(parse(a[0]).Index(number(a[1])), nil) }},
	{"path", "$1::jsonb #> string_to_array($2, ',')", func(a []string) (string, error) { return print(parse(a[0]).Path(path(a[1])), nil) }},
	{"delkey", "$1::jsonb - $2::text", func(a []string) (string, error) { return print(DeleteKey(parse(a[0]), a[1])) }},
	{"delindex", "$1::jsonb - $2::int", func(a []string) (string, error) { return print(DeleteIndex(parse(a[0]), number(a[1]))) }},
	{"delpath", "$1::jsonb #- string_to_array($2, ',')", func(a []string) (string, error) { return print(DeletePath(parse(a[0]), path(a[1]))) }},
	{"set", "jsonb_set($1::jsonb, string_to_array($2, ','), '{\"new\": 1}')", func(a []string) (string, error) {
		return print(Set(parse(a[0]), path(a[1]), parse(`{"new": 1}`), true))
	}},
	{"replace", "jsonb_set($1::jsonb, string_to_array($2, ','), '{\"new\": 1}', false)", func(a []string) (string, error) {
		return print(Set(parse(a[0]), path(a[1]), parse(`{"new": 1}`), false))
	}},
	{"insert", "jsonb_insert($1::jsonb, string_to_array($2, ','), '\"new\"')", func(a []string) (string, error) {
		return print(Insert(parse(a[0]), path(a[1]), parse(`"new"`), false))
	}},
	{"after", "jsonb_insert($1::jsonb, string_to_array($2, ','), '\"new\"', true)", func(a []string) (string, error) {
		return print(Insert(parse(a[0]), path(a[1]), parse(`"new"`), true))
	}},
	{"pretty", "jsonb_pretty($1::jsonb) || $2", func(a []string) (string, error) { return string(parse(a[0]).Pretty(nil)) + a[1], nil }},
	{"strip", "jsonb_strip_nulls($1::jsonb)::text || $2", func(a []string) (string, error) {
		s, err := print(StripNulls(parse(a[0])), nil)
		return s + a[1], err
	}},
	{"typeof", "jsonb_typeof($1::jsonb) || $2", func(a []string) (string, error) { return parse(a[0]).Kind.String() + a[1], nil }},
}

var documents = []string{`null`, `true`, `false`, `1`, `1.0`, `-2.5`, `"a"`, `"b"`, `""`, `[]`, `{}`, `[1]`, `[1, 2, 3]`, `["a", "b", "a"]`, `[[1], [2, 3]]`, `[null]`, `[[]]`,
	`{"a": 1}`, `{"a": null, "b": [1, {"c": null}]}`, `{"a": {"b": {"c": 1}}, "bb": 2}`, `{"aa": 1, "b": 2}`, `{"b": 2, "c": 3}`, `[{"a": 1}, {"a": 2}]`, `{"a": [1, 2, {"b": "x"}]}`,
	`[1, "a", true, null, {}]`, `{"": 1}`}

var keys = []string{"a", "b", "", "zz"}
var paths = []string{"a", "a,b", "a,b,c", "0", "1", "-1", "5", "-5", "a,0", "a,2,b", "a,-1", "0,a", "b,1,c", "x", "a,x", "", "1,0"}
var indexes = []string{"0", "1", "-1", "5", "-5"}

func arguments(name string) []string {
	switch name {
	case "cmp", "contains", "concat":
		return documents
	case "exists", "field", "delkey":
		return keys
	case "index", "delindex":
		return indexes
	case "pretty", "strip", "typeof":
		return []string{""}
	}
	return paths
}

// TestReference repeats what a PostgreSQL answered.
func TestReference(t *testing.T) {
	if *record {
		recordReference(t)
	}
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		for _, op := range operations {
			if op.name != f[0] {
				continue
			}
			got, err := op.run(f[1:3])
			if err != nil {
				got = errorText(err)
			}
			want, _ := strconv.Unquote(f[3])
			if got != want {
				if bad++; bad < 40 {
					t.Errorf("%s %s %s\n got %s\nwant %s", f[0], f[1], f[2], got, want)
				}
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d wrong", bad)
	}
}

func errorText(err error) string {
	e, ok := pgerr.As(err)
	if !ok {
		return "uncoded: " + err.Error()
	}
	return strings.TrimSpace("ERROR " + string(e.Code) + " " + e.Message + " " + e.Detail + " " + e.Hint)
}

func recordReference(t *testing.T) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var out strings.Builder
	for _, op := range operations {
		for _, doc := range documents {
			for _, arg := range arguments(op.name) {
				got := "NULL"
				res := conn.ExecParams(ctx, "select case when true then ("+op.sql+")::text end", [][]byte{[]byte(doc), []byte(arg)}, []uint32{25, 25}, nil, nil).Read()
				if res.Err != nil {
					var pe *pgconn.PgError
					if !errors.As(res.Err, &pe) {
						t.Fatal(res.Err)
					}
					got = strings.TrimSpace("ERROR " + pe.Code + " " + pe.Message + " " + pe.Detail + " " + pe.Hint)
				} else if v := res.Rows[0][0]; v != nil {
					got = string(v)
				}
				out.WriteString(op.name + "\t" + doc + "\t" + arg + "\t" + strconv.Quote(got) + "\n")
			}
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKeys holds the keys against the order.
func TestKeys(t *testing.T) {
	for _, x := range documents {
		for _, y := range documents {
			a, b := parse(x), parse(y)
			if want, got := Compare(a, b), bytes.Compare(a.AppendKey(nil), b.AppendKey(nil)); got != want {
				t.Errorf("%s and %s: keys %d, values %d", x, y, got, want)
			}
		}
	}
}
