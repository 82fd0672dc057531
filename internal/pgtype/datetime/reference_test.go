package datetime

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/internal/pgerr"
)

var record = flag.Bool("record", false, "ask the PostgreSQL at KALAMPG_REFERENCE_DSN and write testdata again")

const (
	referenceFile = "testdata/reference.tsv"
	sessionZone   = "America/New_York"
)

// argument is a value of any of the types, as text.
type argument string

type reference struct {
	o *Options
}

func (r reference) ts(a argument) int64 {
	v, err := ParseTimestamp(r.o, string(a), -1)
	must(err)
	return v
}
func (r reference) tz(a argument) int64 {
	v, err := ParseTimestampTZ(r.o, string(a), -1)
	must(err)
	return v
}
func (r reference) date(a argument) int32 { v, err := ParseDate(r.o, string(a)); must(err); return v }
func (r reference) span(a argument) Interval {
	v, err := ParseInterval(r.o, string(a), -1)
	must(err)
	return v
}
func (r reference) float(a argument) float64 {
	v, err := strconv.ParseFloat(string(a), 64)
	must(err)
	return v
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (r reference) printTS(v int64, err error) (string, error) {
	return string(r.o.AppendTimestamp(nil, v)), err
}
func (r reference) printTZ(v int64, err error) (string, error) {
	return string(r.o.AppendTimestampTZ(nil, v)), err
}
func (r reference) printSpan(v Interval, err error) (string, error) {
	return string(r.o.AppendInterval(nil, v)), err
}
func printField(f Field, err error) (string, error) {
	if f.Null {
		return "NULL", err
	}
	return f.Num.String(), err
}

// operation is an SQL expression of typed arguments with what this package has for it.
type operation struct {
	sql   string
	types string // u: unit, t: timestamp, z: timestamptz, d: date, i: interval, f: float
	run   func(r reference, a []argument) (string, error)
}

var operations = []operation{
	{"date_trunc(%s, %s)", "ut", func(r reference, a []argument) (string, error) {
		return r.printTS(TruncTimestamp(string(a[0]), r.ts(a[1])))
	}},
	{"date_trunc(%s, %s)", "uz", func(r reference, a []argument) (string, error) {
		return r.printTZ(TruncTimestampTZ(string(a[0]), r.tz(a[1]), r.o.Location))
	}},
	{"date_trunc(%s, %s)", "ui", func(r reference, a []argument) (string, error) {
		return r.printSpan(TruncInterval(string(a[0]), r.span(a[1])))
	}},
	{"pg_catalog.extract(%s, %s)", "ut", func(r reference, a []argument) (string, error) {
		return printField(ExtractTimestamp(string(a[0]), r.ts(a[1])))
	}},
	{"pg_catalog.extract(%s, %s)", "uz", func(r reference, a []argument) (string, error) {
		return printField(ExtractTimestampTZ(string(a[0]), r.tz(a[1]), r.o.Location))
	}},
	{"pg_catalog.extract(%s, %s)", "ud", func(r reference, a []argument) (string, error) {
		return printField(ExtractDate(string(a[0]), r.date(a[1])))
	}},
	{"pg_catalog.extract(%s, %s)", "ui", func(r reference, a []argument) (string, error) {
		return printField(ExtractInterval(string(a[0]), r.span(a[1])))
	}},
	{"%s + %s", "ti", func(r reference, a []argument) (string, error) {
		return r.printTS(AddInterval(r.ts(a[0]), r.span(a[1]), nil))
	}},
	{"%s - %s", "ti", func(r reference, a []argument) (string, error) {
		return r.printTS(SubInterval(r.ts(a[0]), r.span(a[1]), nil))
	}},
	{"%s + %s", "zi", func(r reference, a []argument) (string, error) {
		return r.printTZ(AddInterval(r.tz(a[0]), r.span(a[1]), r.o.Location))
	}},
	{"%s - %s", "tt", func(r reference, a []argument) (string, error) {
		return r.printSpan(SubTimestamps(r.ts(a[0]), r.ts(a[1])))
	}},
	{"age(%s, %s)", "tt", func(r reference, a []argument) (string, error) { return r.printSpan(Age(r.ts(a[0]), r.ts(a[1]))) }},
	{"%s + %s", "ii", func(r reference, a []argument) (string, error) {
		return r.printSpan(AddIntervals(r.span(a[0]), r.span(a[1])))
	}},
	{"%s - %s", "ii", func(r reference, a []argument) (string, error) {
		return r.printSpan(SubIntervals(r.span(a[0]), r.span(a[1])))
	}},
	{"%s * %s", "if", func(r reference, a []argument) (string, error) {
		return r.printSpan(MulInterval(r.span(a[0]), r.float(a[1])))
	}},
	{"%s / %s", "if", func(r reference, a []argument) (string, error) {
		return r.printSpan(DivInterval(r.span(a[0]), r.float(a[1])))
	}},
	{"justify_hours(%s)", "i", func(r reference, a []argument) (string, error) { return r.printSpan(JustifyHours(r.span(a[0]))) }},
	{"justify_days(%s)", "i", func(r reference, a []argument) (string, error) { return r.printSpan(JustifyDays(r.span(a[0]))) }},
	{"justify_interval(%s)", "i", func(r reference, a []argument) (string, error) { return r.printSpan(JustifyInterval(r.span(a[0]))) }},
	{"interval_cmp(%s, %s)", "ii", func(r reference, a []argument) (string, error) {
		return strconv.Itoa(CompareInterval(r.span(a[0]), r.span(a[1]))), nil
	}},
	{"date_bin(%s, %s, %s)", "itt", func(r reference, a []argument) (string, error) {
		return r.printTS(DateBin(r.span(a[0]), r.ts(a[1]), r.ts(a[2])))
	}},
	{"%s::timestamptz", "d", func(r reference, a []argument) (string, error) {
		return r.printTZ(DateToTimestampTZ(r.date(a[0]), r.o.Location))
	}},
	{"%s::timestamp", "d", func(r reference, a []argument) (string, error) { return r.printTS(DateToTimestamp(r.date(a[0]))) }},
	{"%s::timestamp", "z", func(r reference, a []argument) (string, error) {
		return r.printTS(ToLocal(r.tz(a[0]), r.o.Location), nil)
	}},
	{"%s::timestamptz", "t", func(r reference, a []argument) (string, error) { return r.printTZ(ToUTC(r.ts(a[0]), r.o.Location)) }},
}

var argTypes = map[byte]string{'u': "text", 't': "timestamp", 'z': "timestamptz", 'd': "date", 'i': "interval", 'f': "float8"}

func TestReference(t *testing.T) {
	if *record {
		recordReference(t)
	}
	loc, _, _ := LoadZone(sessionZone)
	r := reference{&Options{Location: loc, Order: 'M', Style: 'I', Interval: 'p', Now: time.Unix(0, 0)}}
	b, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		n, _ := strconv.Atoi(f[0])
		op := operations[n]
		var args []argument
		for _, a := range f[1 : len(f)-1] {
			args = append(args, argument(a))
		}
		got, err := runOperation(op, r, args)
		if err != nil {
			got = errorText(err)
		}
		if want := f[len(f)-1]; got != want {
			if bad++; bad < 60 {
				t.Errorf("%s %q\n got %s\nwant %s", op.sql, args, got, want)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d wrong", bad)
	}
}

// runOperation takes the error of an argument for the result.
func runOperation(op operation, r reference, args []argument) (got string, err error) {
	defer func() {
		if e, failed := recover().(error); failed {
			if _, coded := pgerr.As(e); !coded {
				panic(e)
			}
			err = e
		}
	}()
	return op.run(r, args)
}

func errorText(err error) string {
	e, found := pgerr.As(err)
	if !found {
		return "uncoded: " + err.Error()
	}
	return strings.TrimSpace("ERROR " + string(e.Code) + " " + e.Message + " " + e.Detail)
}

func recordReference(t *testing.T) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "set timezone = '"+sessionZone+"'").ReadAll(); err != nil {
		t.Fatal(err)
	}
	seed := int64(20240229)
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	var out strings.Builder
	for n, op := range operations {
		for i := 0; i < 150; i++ {
			args := make([]string, len(op.types))
			typed := make([]any, len(op.types))
			for j := range args {
				args[j] = randomArgument(r, op.types[j])
				typed[j] = "'" + args[j] + "'::" + argTypes[op.types[j]]
			}
			got := "NULL"
			res := conn.ExecParams(ctx, "select ("+fmt.Sprintf(op.sql, typed...)+")::text", nil, nil, nil, nil).Read()
			if res.Err != nil {
				var pe *pgconn.PgError
				if !errors.As(res.Err, &pe) {
					t.Fatal(res.Err)
				}
				got = strings.TrimSpace("ERROR " + pe.Code + " " + pe.Message + " " + pe.Detail)
			} else if v := res.Rows[0][0]; v != nil {
				got = string(v)
			}
			out.WriteString(strconv.Itoa(n) + "\t" + strings.Join(args, "\t") + "\t" + got + "\n")
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

var unitNames = strings.Fields("microseconds milliseconds second minute hour day week month quarter year decade century millennium julian isoyear dow isodow doy epoch timezone timezone_hour timezone_minute foo")

func randomArgument(r *rand.Rand, typ byte) string {
	year := func() int {
		switch r.Intn(6) {
		case 0:
			return 1 + r.Intn(300)
		case 1:
			return 1 + r.Intn(9999)
		}
		return 1900 + r.Intn(140)
	}
	date := func() string {
		y, m := year(), 1+r.Intn(12)
		d := 1 + r.Intn(DaysIn(y, m))
		if r.Intn(4) == 0 {
			d = DaysIn(y, m)
		}
		return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	}
	era := func() string {
		if r.Intn(10) == 0 {
			return " BC"
		}
		return ""
	}
	switch typ {
	case 'u':
		return unitNames[r.Intn(len(unitNames))]
	case 'd':
		if r.Intn(20) == 0 {
			return []string{"infinity", "-infinity", "5874897-12-31", "4714-11-24 BC", "294277-01-01"}[r.Intn(5)]
		}
		return strings.Replace(date(), "-02-29", "-02-28", 1) + era()
	case 't', 'z':
		if r.Intn(20) == 0 {
			return []string{"infinity", "-infinity", "294276-12-31 23:59:59.999999", "4714-11-24 12:00:00 BC", "epoch"}[r.Intn(5)]
		}
		s := strings.Replace(date(), "-02-29", "-02-28", 1) + fmt.Sprintf(" %02d:%02d:%02d", r.Intn(24), r.Intn(60), r.Intn(60))
		if r.Intn(2) == 0 {
			s += fmt.Sprintf(".%d", r.Intn(1000000))
		}
		if typ == 'z' {
			s += "+00"
		}
		return s + era()
	case 'f':
		return []string{"0", "1", "2", "-1", "0.5", "1.5", "0.333", "-2.25", "1e6", "1e-3", "7", "30", "0.1"}[r.Intn(13)]
	}
	var parts []string
	add := func(limit int, unit string) {
		if r.Intn(2) == 0 {
			parts = append(parts, fmt.Sprintf("%d %s", r.Intn(2*limit)-limit, unit))
		}
	}
	add(20, "year")
	add(15, "month")
	add(400, "day")
	add(100, "hour")
	add(100, "minute")
	if r.Intn(2) == 0 {
		parts = append(parts, fmt.Sprintf("%d.%06d sec", r.Intn(200)-100, r.Intn(1000000)))
	}
	if r.Intn(25) == 0 {
		parts = []string{[]string{"178000000 years", "2147483647 days", "-2147483648 days", "9223372036854775807 us", "-2147483648 months"}[r.Intn(5)]}
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, " ")
}
