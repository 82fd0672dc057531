package pgtype

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

var record = flag.Bool("record", false, "ask the PostgreSQL at KALAMPG_REFERENCE_DSN and write testdata again")

const (
	inputsFile    = "testdata/inputs.txt"
	referenceFile = "testdata/reference.tsv"
)

// refCase is one input under one set of settings.
type refCase struct {
	settings, typ, input string
	text, binary         string // what came of it; text is "ERROR …" for an error
}

// readInputs reads testdata/inputs.txt: "[type] settings" starts a section, every line in it is an input, as it is or as quoted:"in Go's quotes".
func readInputs(t *testing.T) (cases []refCase) {
	f, err := os.Open(inputsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var at []refCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#") || line == "":
		case strings.HasPrefix(line, "@"):
			at = nil
			types, settings, _ := strings.Cut(line[1:], " ; ")
			for _, set := range strings.Split(settings, " ; ") {
				for _, typ := range splitTypes(types) {
					at = append(at, refCase{typ: typ, settings: strings.TrimSpace(set)})
				}
			}
		default:
			if quoted, found := strings.CutPrefix(line, "quoted:"); found {
				if line, err = strconv.Unquote(quoted); err != nil {
					t.Fatalf("%s: %s", err, lines.Text())
				}
			}
			for _, c := range at {
				c.input = line
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// splitTypes splits at the commas that are not in parentheses.
func splitTypes(s string) (types []string) {
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == ',' && depth == 0:
			types = append(types, s[start:i])
			start = i + 1
		}
	}
	return append(types, strings.TrimSpace(s[start:]))
}

func recordReference(t *testing.T) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run := func(sql string) {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatalf("%s: %s", sql, err)
		}
	}
	run("drop type if exists ref_color, ref_row cascade; create type ref_color as enum ('red','green','deep blue'); create type ref_row as (a int, b text, c numeric(4,1))")
	var out strings.Builder
	settings := "none"
	made := map[string]bool{}
	for _, c := range readInputs(t) {
		if c.settings != settings {
			settings = c.settings
			run("reset all")
			for _, s := range strings.Fields(settings) {
				name, value, _ := strings.Cut(s, "=")
				run("set " + name + " = '" + value + "'")
			}
		}
		table := "ref_" + hex.EncodeToString([]byte(c.typ))
		if !made[table] {
			made[table] = true
			run("create temp table " + table + " (v " + c.typ + ")")
		}
		// A composite's field is read by the type's input function with its modifier, which a cast does not do.
		query := "select v from json_populate_record(null::" + table + ", json_build_object('v', $1::text))"
		if c.typ == "json" || c.typ == "jsonb" {
			query = "select $1::" + c.typ // which a composite would take in as a value
		}
		for format := int16(0); format < 2; format++ {
			r := conn.ExecParams(ctx, query, [][]byte{[]byte(c.input)}, nil, nil, []int16{format}).Read()
			if r.Err != nil {
				if format == 0 {
					c.text = pgErrorLine(t, r.Err)
				}
				continue
			}
			if v := r.Rows[0][0]; format == 0 {
				c.text = "=" + string(v)
			} else {
				c.binary = hex.EncodeToString(v)
			}
		}
		out.WriteString(strings.Join([]string{c.settings, c.typ, strconv.Quote(c.input), strconv.Quote(c.text), c.binary}, "\t") + "\n")
	}
	if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pgErrorLine is the line of an error that PostgreSQL sent.
func pgErrorLine(t *testing.T, err error) string {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		t.Fatal(err)
	}
	return errorLine(pe.Code, pe.Message, pe.Detail, pe.Hint)
}

func errorLine(code, message, detail, hint string) string {
	s := "ERROR " + code + " " + message
	if detail != "" {
		s += " DETAIL " + detail
	}
	if hint != "" {
		s += " HINT " + hint
	}
	return s
}

func readReference(t *testing.T) (cases []refCase) {
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			t.Fatalf("line %q", line)
		}
		c := refCase{settings: f[0], typ: f[1], binary: f[4]}
		c.input, _ = strconv.Unquote(f[2])
		c.text, _ = strconv.Unquote(f[3])
		cases = append(cases, c)
	}
	return cases
}

// refContext is a session with such settings.
func refContext(t *testing.T, settings string) *Context {
	c := Default()
	c.Now = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for _, s := range strings.Fields(settings) {
		name, value, _ := strings.Cut(s, "=")
		switch name {
		case "datestyle":
			style, order, _ := strings.Cut(value, ",")
			c.DateStyle = style[0]
			c.DateOrder = order[0]
		case "intervalstyle":
			c.IntervalStyle = map[string]byte{"postgres": 'p', "postgres_verbose": 'v', "sql_standard": 's', "iso_8601": 'i'}[value]
		case "timezone":
			loc, _, ok := datetime.LoadZone(value)
			if !ok {
				t.Fatal("no zone " + value)
			}
			c.Location, c.TimeZoneName = loc, value
		case "bytea_output":
			c.ByteaEscape = value == "escape"
		case "extra_float_digits":
			c.ExtraFloatDigits, _ = strconv.Atoi(value)
		default:
			t.Fatal("setting " + name)
		}
	}
	return c
}

// refTypes are the user-defined types that inputs.txt mentions.
var (
	refColor = NewEnum(20001, 20002, "public", "ref_color", []EnumLabel{{30001, 1, "red"}, {30002, 2, "green"}, {30003, 3, "deep blue"}})
	refRow   = NewComposite(20003, 20004, 20005, "public", "ref_row", []Column{{"a", Int4Type, -1}, {"b", TextType, -1}, {"c", NumericType, NumericTypmod(4, 1)}})
)

// refType finds a type by a name like "numeric(4,1)[]".
func refType(t *testing.T, name string) (*Type, int32) {
	array := strings.HasSuffix(name, "[]")
	base, mods, found := strings.Cut(strings.TrimSuffix(name, "[]"), "(")
	typmod := int32(-1)
	typ := ByName(strings.Trim(base, `"`))
	switch base {
	case "ref_color":
		typ = refColor
	case "ref_row":
		typ = refRow
	}
	if fields, isInterval := strings.CutPrefix(name, "interval "); isInterval {
		for mask, text := range intervalFields {
			if text == " "+fields {
				return IntervalType, mask<<16 | intervalFullPrecision
			}
		}
	}
	if typ == nil {
		t.Fatal("type " + name)
	}
	if found {
		var list []int32
		if base == "interval" {
			list = append(list, intervalFullRange)
		}
		for _, m := range strings.Split(strings.TrimSuffix(mods, ")"), ",") {
			v, _ := strconv.Atoi(m)
			list = append(list, int32(v))
		}
		var err error
		if typmod, err = TypmodIn(typ, list); err != nil {
			t.Fatal(err)
		}
	}
	if array {
		typ = ArrayOf(typ)
	}
	return typ, typmod
}

func errLine(err error) string {
	e, ok := pgerr.As(err)
	if !ok {
		return "uncoded: " + err.Error()
	}
	return errorLine(string(e.Code), e.Message, e.Detail, e.Hint)
}

// TestReference reads what a PostgreSQL read, and prints what it printed, as text and in binary, and takes the binary form back.
func TestReference(t *testing.T) {
	if *record {
		recordReference(t)
	}
	bad := 0
	for _, c := range readReference(t) {
		typ, typmod := refType(t, c.typ)
		ctx := refContext(t, c.settings)
		text, binary := "", ""
		d, err := typ.Codec.ParseText(ctx, c.input, typmod)
		if err != nil {
			text = errLine(err)
		} else {
			text = "=" + string(typ.Codec.AppendText(ctx, nil, d))
			binary = hex.EncodeToString(typ.Codec.AppendBinary(ctx, nil, d))
		}
		if typ == refColor.array || typ == refRow || typ == refRow.array {
			binary = c.binary // it holds the OIDs of another installation
		}
		if text != c.text || binary != c.binary {
			if bad++; bad < 300 {
				t.Errorf("%s %s %q\n got %s %s\nwant %s %s", c.settings, c.typ, c.input, text, binary, c.text, c.binary)
			}
			continue
		}
		if err != nil {
			continue
		}
		checkRoundTrips(t, ctx, typ, typmod, d)
	}
	if bad > 0 {
		t.Errorf("%d wrong", bad)
	}
}

// checkRoundTrips takes d through its binary, stored and key forms.
func checkRoundTrips(t *testing.T, ctx *Context, typ *Type, typmod int32, d Datum) {
	t.Helper()
	print := func(d Datum) string { return string(typ.Codec.AppendText(ctx, nil, d)) }
	want := print(d)
	b := typ.Codec.AppendBinary(ctx, nil, d)
	if e, err := typ.Codec.ParseBinary(ctx, b, typmod); err != nil || print(e) != want {
		t.Errorf("%s %s: binary %x: %v", typ.Name, want, b, err)
	}
	b = typ.Codec.AppendStored(nil, d)
	if e, err := typ.Codec.DecodeStored(b); err != nil || print(e) != want {
		t.Errorf("%s %s: stored %x: %v", typ.Name, want, b, err)
	}
	if !typ.Codec.Comparable() {
		return
	}
	b = typ.Codec.AppendKey([]byte("x"), d)
	e, rest, err := typ.Codec.DecodeKey(append(b[1:], 'r'))
	if err != nil || string(rest) != "r" || typ.Codec.Compare(d, e) != 0 || typ.Codec.Hash(d, 7) != typ.Codec.Hash(e, 7) {
		t.Errorf("%s %s: key %x: %v", typ.Name, want, b, err)
	}
}
