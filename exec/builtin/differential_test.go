package builtin

import (
	"flag"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"
)

var (
	randomSeed  = flag.Int64("seed", 0, "seed of the random calls; 0: from the clock")
	randomCalls = flag.Int("calls", 3000, "number of random calls that are compared with the reference PostgreSQL")
)

// TestDifferential makes random calls and compares with the server that KALAMPG_REFERENCE names.
func TestDifferential(t *testing.T) {
	conn := connectReference(t)
	seed := *randomSeed
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	t.Logf("seed %d", seed)
	g := &generator{rand.New(rand.NewSource(seed))}
	e := newEvaluator(t)
	ask(conn, "set timezone to 'UTC'")
	differences := 0
	for i := 0; i < *randomCalls && differences < 40; i++ {
		call := g.call()
		want := strings.Join(ask(conn, "SELECT "+call), "\n")
		got := strings.Join(e.replay("SELECT "+call), "\n")
		if got != want {
			differences++
			t.Errorf("%s\n got %s\nwant %s", call, got, want)
		}
	}
}

// generator makes random calls of functions and operators.
type generator struct{ *rand.Rand }

func (g *generator) pick(s ...string) string { return s[g.Intn(len(s))] }

func (g *generator) call() string {
	switch g.Intn(8) {
	case 0:
		return fmt.Sprintf("%s %s %s", g.integer(), g.pick("+", "-", "*", "/", "%", "&", "|", "#", "<", "=", ">="), g.integer())
	case 1:
		return fmt.Sprintf("%s %s %s", g.numeric(), g.pick("+", "-", "*", "/", "%", "<", "=", ">="), g.numeric())
	case 2:
		return fmt.Sprintf("%s(%s)", g.pick("abs", "ceil", "floor", "round", "trunc", "sign", "sqrt", "scale", "min_scale", "trim_scale"), g.numeric())
	case 3:
		return g.textCall()
	case 4, 5:
		return fmt.Sprintf("regexp_match(%s, '%s')", g.text(), g.regex(3))
	case 6:
		return g.timeCall()
	}
	return fmt.Sprintf("to_char(%s, '%s')", g.numeric(), g.picture())
}

func (g *generator) integer() string {
	v := g.Int63() >> g.Intn(64)
	if g.Intn(2) == 0 {
		v = -v
	}
	t := "int8"
	switch {
	case v == int64(int16(v)):
		t = g.pick("int2", "int4", "int8")
	case v == int64(int32(v)):
		t = g.pick("int4", "int8")
	}
	return fmt.Sprintf("('%d'::%s)", v, t)
}

func (g *generator) numeric() string {
	digits := func(n int) string {
		var b strings.Builder
		for range g.Intn(n) {
			b.WriteByte(byte('0' + g.Intn(10)))
		}
		return b.String()
	}
	s := g.pick("", "-") + "0" + digits(12) + "." + digits(8)
	if g.Intn(20) == 0 {
		s = g.pick("NaN", "Infinity", "-Infinity", "0", "0.000")
	}
	return "('" + s + "'::numeric)"
}

func (g *generator) text() string {
	var b strings.Builder
	for range g.Intn(8) {
		b.WriteString(g.pick("a", "b", "c", "A", "é", " ", "1"))
	}
	return "'" + b.String() + "'::text"
}

func (g *generator) textCall() string {
	n := g.Intn(14) - 4
	switch g.Intn(10) {
	case 0:
		return fmt.Sprintf("substr(%s, %d, %d)", g.text(), n, g.Intn(9)-1)
	case 1:
		return fmt.Sprintf("%s(%s, %d)", g.pick("left", "right"), g.text(), n)
	case 2:
		return fmt.Sprintf("%s(%s, %d, %s)", g.pick("lpad", "rpad"), g.text(), n, g.text())
	case 3:
		return fmt.Sprintf("%s(%s, %s)", g.pick("ltrim", "rtrim", "btrim", "strpos", "starts_with"), g.text(), g.text())
	case 4:
		return fmt.Sprintf("%s(%s, %s, %s)", g.pick("replace", "translate"), g.text(), g.text(), g.text())
	case 5:
		return fmt.Sprintf("split_part(%s, '%s', %d)", g.text(), g.pick("a", "b", "ab", ""), n)
	case 6:
		return fmt.Sprintf("overlay(%s, %s, %d, %d)", g.text(), g.text(), n, g.Intn(5)-1)
	case 7:
		return fmt.Sprintf("%s LIKE '%s'", g.text(), g.likePattern())
	case 8:
		return fmt.Sprintf("%s(%s)", g.pick("upper", "lower", "initcap", "reverse", "length", "ascii", "md5", "quote_literal", "quote_ident", "hashtext"), g.text())
	}
	return fmt.Sprintf("%s(%s, '%s', '-', 'g')", g.pick("regexp_replace"), g.text(), g.regex(2))
}

func (g *generator) likePattern() string {
	var b strings.Builder
	for range g.Intn(6) {
		b.WriteString(g.pick("%", "_", "a", "b", "é", "\\_", " "))
	}
	return b.String()
}

// regex makes a pattern; half of the choices are quantifiers, which is where the rule of the longest match shows.
func (g *generator) regex(depth int) string {
	if depth == 0 {
		return g.pick("a", "b", "c", ".", "[ab]", "[^a]", "\\d", "\\w", "é")
	}
	switch g.Intn(9) {
	case 0, 1:
		return g.regex(depth-1) + g.regex(depth-1)
	case 2:
		return "(" + g.regex(depth-1) + ")"
	case 3:
		return "(" + g.regex(depth-1) + "|" + g.regex(depth-1) + ")"
	case 4, 5:
		return "(" + g.regex(depth-1) + ")" + g.pick("*", "+", "?", "{1,2}", "*?", "+?", "??")
	case 6:
		return g.regex(0) + g.pick("*", "+", "?", "{2}", "*?", "+?", "??") + g.regex(depth-1)
	case 7:
		return "(?:" + g.regex(depth-1) + ")" + g.pick("", "*", "+?")
	}
	return g.pick("^", "\\m", "(?=a)", "(?!b)", "") + g.regex(depth-1) + g.pick("", "$", "\\M")
}

func (g *generator) timestamp() string {
	return fmt.Sprintf("'%04d-%02d-%02d %02d:%02d:%02d.%06d'::timestamp", 1+g.Intn(3000), 1+g.Intn(12), 1+g.Intn(28), g.Intn(24), g.Intn(60), g.Intn(60), g.Intn(1000000))
}

func (g *generator) interval() string {
	return fmt.Sprintf("'%d months %d days %d:%02d:%02d.%03d'::interval", g.Intn(100)-50, g.Intn(100)-50, g.Intn(100)-50, g.Intn(60), g.Intn(60), g.Intn(1000))
}

func (g *generator) unit() string {
	return g.pick("microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
		"millennium", "epoch", "julian", "dow", "isodow", "doy", "isoyear")
}

func (g *generator) timeCall() string {
	switch g.Intn(10) {
	case 0:
		return fmt.Sprintf("%s %s %s", g.timestamp(), g.pick("+", "-"), g.interval())
	case 1:
		return fmt.Sprintf("%s - %s", g.timestamp(), g.timestamp())
	case 2:
		return fmt.Sprintf("age(%s, %s)", g.timestamp(), g.timestamp())
	case 3:
		return fmt.Sprintf("%s('%s', %s)", g.pick("extract", "date_part", "date_trunc"), g.unit(), g.timestamp())
	case 4:
		return fmt.Sprintf("%s('%s', %s)", g.pick("extract", "date_part", "date_trunc"), g.unit(), g.interval())
	case 5:
		return fmt.Sprintf("%s(%s)", g.pick("justify_days", "justify_hours", "justify_interval"), g.interval())
	case 6:
		return fmt.Sprintf("%s %s %s", g.interval(), g.pick("+", "-", "<", "="), g.interval())
	case 7:
		return fmt.Sprintf("%s %s '%g'::float8", g.interval(), g.pick("*", "/"), g.NormFloat64()*5)
	case 8:
		return fmt.Sprintf("date_bin(%s, %s, %s)", g.interval(), g.timestamp(), g.timestamp())
	}
	return fmt.Sprintf("to_char(%s, 'YYYY-MM-DD HH12:MI:SS.US AM Day Mon IYYY-IW-ID DDD WW Q CC J RM')", g.timestamp())
}

func (g *generator) picture() string {
	var b strings.Builder
	b.WriteString(g.pick("", "FM", "S", "MI", "SG", "PL"))
	for range 1 + g.Intn(8) {
		b.WriteString(g.pick("9", "9", "0", ",", " "))
	}
	if g.Intn(2) == 0 {
		b.WriteString(g.pick(".", "D"))
		for range g.Intn(4) {
			b.WriteString(g.pick("9", "0"))
		}
	}
	b.WriteString(g.pick("", "", "PR", "S", "MI", "th"))
	return b.String()
}
