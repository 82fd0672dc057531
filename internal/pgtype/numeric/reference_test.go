package numeric

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/internal/pgerr"
)

var record = flag.Bool("record", false, "ask the PostgreSQL at KALAMPG_REFERENCE_DSN and write testdata again")

const referenceFile = "testdata/reference.tsv"

// operation is one SQL function of numerics with what this package has for it.
type operation struct {
	sql  string // with %s for the operands
	args int
	run  func(a []Num) (Num, error)
}

func scaleArg(x Num) int32 { v, _ := x.Int64(); return int32(v) }

func binary2(f func(x, y Num) (Num, error)) func([]Num) (Num, error) {
	return func(a []Num) (Num, error) { return f(a[0], a[1]) }
}

func unary(f func(x Num) Num) func([]Num) (Num, error) {
	return func(a []Num) (Num, error) { return f(a[0]), nil }
}

var operations = map[string]operation{
	"add":   {"%s + %s", 2, binary2(Add)},
	"sub":   {"%s - %s", 2, binary2(Sub)},
	"mul":   {"%s * %s", 2, binary2(Mul)},
	"div":   {"%s / %s", 2, binary2(Div)},
	"mod":   {"%s %% %s", 2, binary2(Mod)},
	"idiv":  {"div(%s, %s)", 2, binary2(IntDiv)},
	"pow":   {"power(%s, %s)", 2, binary2(Pow)},
	"log":   {"log(%s, %s)", 2, binary2(Log)},
	"gcd":   {"gcd(%s, %s)", 2, binary2(GCD)},
	"lcm":   {"lcm(%s, %s)", 2, binary2(LCM)},
	"sqrt":  {"sqrt(%s)", 1, func(a []Num) (Num, error) { return Sqrt(a[0]) }},
	"exp":   {"exp(%s)", 1, func(a []Num) (Num, error) { return Exp(a[0]) }},
	"ln":    {"ln(%s)", 1, func(a []Num) (Num, error) { return Ln(a[0]) }},
	"abs":   {"abs(%s)", 1, unary(Abs)},
	"neg":   {"- %s", 1, unary(Neg)},
	"sign":  {"sign(%s)", 1, unary(SignOf)},
	"ceil":  {"ceil(%s)", 1, unary(Ceil)},
	"floor": {"floor(%s)", 1, unary(Floor)},
	"trim":  {"trim_scale(%s)", 1, unary(TrimScale)},
	"round": {"round(%s, (%s)::int)", 2, func(a []Num) (Num, error) { return Round(a[0], scaleArg(a[1])) }},
	"trunc": {"trunc(%s, (%s)::int)", 2, func(a []Num) (Num, error) { return Trunc(a[0], scaleArg(a[1])), nil }},
	"int8":  {"((%s)::int8)::numeric", 1, func(a []Num) (Num, error) { v, err := a[0].Int64(); return FromInt64(v), err }},
	"float": {"((%s)::float8)::numeric", 1, func(a []Num) (Num, error) {
		f, err := a[0].Float64()
		if err != nil {
			return Num{}, err
		}
		return FromFloat64(f)
	}},
	"cmp":     {"numeric_cmp(%s, %s)::numeric", 2, func(a []Num) (Num, error) { return FromInt64(int64(Cmp(a[0], a[1]))), nil }},
	"fit":     {"(%s)::numeric(9,3)", 1, func(a []Num) (Num, error) { return ApplyTypmod(a[0], 9, 3) }},
	"fitneg":  {"(%s)::numeric(3,-2)", 1, func(a []Num) (Num, error) { return ApplyTypmod(a[0], 3, -2) }},
	"fitfrac": {"(%s)::numeric(2,4)", 1, func(a []Num) (Num, error) { return ApplyTypmod(a[0], 2, 4) }},
}

// TestReference repeats what a PostgreSQL answered.
func TestReference(t *testing.T) {
	if *record {
		recordReference(t)
	}
	f, err := os.Open(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	bad := 0
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		op, ok := operations[fields[0]]
		if !ok || len(fields) != op.args+2 {
			t.Fatalf("line %.80q", lines.Text())
		}
		if got, want := evaluate(op, fields[1:len(fields)-1]), fields[len(fields)-1]; got != want {
			if bad++; bad < 60 {
				t.Errorf("%.300s\n got %.400s\nwant %.400s", strings.Join(fields[:len(fields)-1], " "), got, want)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d wrong", bad)
	}
}

func evaluate(op operation, args []string) string {
	nums := make([]Num, len(args))
	for i, a := range args {
		var err error
		if nums[i], err = Parse(a); err != nil {
			return errorText(err)
		}
	}
	x, err := op.run(nums)
	if err != nil {
		return errorText(err)
	}
	return x.String()
}

func errorText(err error) string {
	e, ok := pgerr.As(err)
	if !ok {
		return "uncoded: " + err.Error()
	}
	return strings.TrimSpace("ERROR " + string(e.Code) + " " + e.Message + " " + e.Detail)
}

func recordReference(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	seed := int64(20240229)
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewSource(seed))
	var out strings.Builder
	names := strings.Fields("add sub mul div mod idiv pow log gcd lcm sqrt exp ln abs neg sign ceil floor trim round trunc int8 float cmp fit fitneg fitfrac")
	for _, name := range names {
		op := operations[name]
		for i := 0; i < 160; i++ {
			args := make([]string, op.args)
			quoted := make([]any, op.args)
			for j := range args {
				args[j] = randomOperand(r, name, j)
				quoted[j] = "'" + args[j] + "'::numeric"
			}
			var got string
			query := "select (" + fmt.Sprintf(op.sql, quoted...) + ")::text"
			if err := conn.QueryRow(ctx, query).Scan(&got); err != nil {
				var pe *pgconn.PgError
				if !errors.As(err, &pe) {
					t.Fatal(err)
				}
				got = strings.TrimSpace("ERROR " + pe.Code + " " + pe.Message + " " + pe.Detail)
			}
			out.WriteString(name + "\t" + strings.Join(args, "\t") + "\t" + got + "\n")
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(referenceFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// randomOperand makes numbers of all sizes, with many that are easy to get wrong.
func randomOperand(r *rand.Rand, op string, arg int) string {
	if arg == 1 && (op == "round" || op == "trunc") {
		return strconv.Itoa(r.Intn(24) - 8)
	}
	edge := []string{"0", "1", "-1", "0.0", "0.00", "10", "100.00", "0.5", "-0.5", "1.5", "2.5", "NaN", "Infinity", "-Infinity", "9999", "10000", "99999999",
		"0.0001", "0.00000001", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "99999999999999999999", "1.000000000001", "0.99999", "999999.9995", "2", "3", "10000.0", "1e-20", "1e30", "123e40"}
	if r.Intn(4) == 0 {
		return edge[r.Intn(len(edge))]
	}
	whole, frac := r.Intn(12), r.Intn(10)
	switch op {
	case "exp":
		whole = r.Intn(4)
	case "pow":
		if whole = r.Intn(5); arg == 1 {
			whole, frac = r.Intn(3), r.Intn(3)
		}
	default:
		if r.Intn(5) == 0 {
			whole, frac = r.Intn(60), r.Intn(60)
		}
	}
	s := ""
	if r.Intn(3) == 0 {
		s = "-"
	}
	s += strconv.Itoa(r.Intn(10))
	for i := 1; i < whole; i++ {
		s += digit(r)
	}
	if frac > 0 {
		s += "."
		for i := 0; i < frac; i++ {
			s += digit(r)
		}
	}
	return s
}

func digit(r *rand.Rand) string {
	switch r.Intn(4) {
	case 0:
		return "0"
	case 1:
		return "9"
	}
	return strconv.Itoa(r.Intn(10))
}
