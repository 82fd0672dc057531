package builtin

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The file testdata/aggregates holds on one line an aggregate's name, then its arguments as arrays of equal length, then any constant direct
// arguments of an ordered-set aggregate after "|"; the line below is what PostgreSQL gives. -record writes the results anew.
const aggregateFile = "testdata/aggregates"

type aggregateCase struct {
	name    string
	types   []string
	arrays  []string
	direct  string
	directT string
}

func parseAggregateCase(line string) (a aggregateCase) {
	body, direct, _ := strings.Cut(line, " | ")
	fields := strings.Fields(body)
	a.name = fields[0]
	for _, f := range fields[1:] {
		typ, text, _ := strings.Cut(f, ":")
		a.types, a.arrays = append(a.types, typ), append(a.arrays, strings.ReplaceAll(text, "_", " "))
	}
	a.directT, a.direct, _ = strings.Cut(direct, ":")
	return a
}

func (a aggregateCase) sql() string {
	var from, args []string
	for i := range a.types {
		from = append(from, "'"+a.arrays[i]+"'::"+a.types[i]+"[]")
		args = append(args, "abcd"[i:i+1])
	}
	source := " FROM unnest(" + strings.Join(from, ", ") + ") AS t(" + strings.Join(args, ", ") + ")"
	if a.direct != "" {
		return a.name + "('" + a.direct + "'::" + a.directT + ") WITHIN GROUP (ORDER BY a)" + source
	}
	if a.name == "mode" {
		return "mode() WITHIN GROUP (ORDER BY a)" + source
	}
	if len(args) == 0 {
		return a.name + "(*) FROM generate_series(1, 3)"
	}
	return a.name + "(" + strings.Join(args, ", ") + ")" + source
}

// run computes the aggregate; merged splits the rows over two states when the state can merge.
func (a aggregateCase) run(t *testing.T, e *evaluator, merged bool) string {
	p, types := a.resolve(t)
	code, skip := e.library.Aggregate(p.OID)
	if code == nil {
		t.Fatalf("%s has no code", Signature(p))
	}
	c := &Call{Ctx: context.Background(), Text: e.text, Proc: p, Types: types, Result: pgtype.ByOID(p.Result)}
	var direct []pgtype.Datum
	if a.direct != "" {
		d, err := pgtype.ByOID(p.Args[0]).Codec.ParseText(e.text, a.direct, -1)
		if err != nil {
			t.Fatal(err)
		}
		direct = append(direct, d)
	}
	states := make([]State, 2)
	for i := range states {
		s, err := code(c, direct)
		if err != nil {
			t.Fatal(err)
		}
		states[i] = s
	}
	if err := a.feed(t, e, types, skip, merged, states); err != nil {
		pe, _ := pgerr.As(err)
		return "! " + string(pe.Code) + " " + pe.Message
	}
	if m, ok := states[0].(Merger); merged && ok {
		if err := m.Merge(states[1]); err != nil {
			t.Fatal(err)
		}
	}
	d, err := states[0].Result()
	if err != nil {
		pe, _ := pgerr.As(err)
		return "! " + string(pe.Code) + " " + pe.Message
	}
	if d.IsNull() {
		return "= NULL"
	}
	result := pgtype.ByOID(p.Result)
	if result.Kind == pgtype.KindPseudo {
		switch {
		case p.Result == pgtype.OIDAnyarray && types[0].IsArray():
			result = types[0]
		case p.Result == pgtype.OIDAnyarray:
			result = pgtype.ArrayOf(types[len(types)-1])
		default:
			result = types[len(types)-1]
		}
	}
	return "= " + oneLine(string(result.Codec.AppendText(e.text, nil, d)))
}

func (a aggregateCase) feed(t *testing.T, e *evaluator, types []*pgtype.Type, skip, merged bool, states []State) error {
	var columns [][]pgtype.Datum
	for i, typ := range types {
		d, err := pgtype.ArrayOf(typ).Codec.ParseText(e.text, a.arrays[i], -1)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, d.Array().Elems)
	}
	rows := 3
	if len(columns) > 0 {
		rows = len(columns[0])
	}
	for i := 0; i < rows; i++ {
		var args []pgtype.Datum
		for _, col := range columns {
			args = append(args, col[i])
		}
		if skip && anyNull(args) {
			continue
		}
		s := states[0]
		if _, ok := s.(Merger); merged && ok && i%2 == 1 {
			s = states[1]
		}
		if err := s.Add(args); err != nil {
			return err
		}
	}
	return nil
}

func (a aggregateCase) resolve(t *testing.T) (*pgfacts.Proc, []*pgtype.Type) {
	var types []*pgtype.Type
	for _, name := range a.types {
		typ := pgtype.ByName(name)
		if typ == nil {
			t.Fatalf("no type %s", name)
		}
		types = append(types, typ)
	}
	var best *pgfacts.Proc
	score := -1
	for _, p := range pgfacts.ProcsByName(a.name) {
		args := p.Args
		if a.direct != "" && len(args) > 0 {
			if args[0] != pgtype.ByName(strings.Replace(a.directT, "float8[]", "_float8", 1)).OID {
				continue
			}
			args = args[1:]
		}
		if p.Kind != 'a' || len(args) != len(types) {
			continue
		}
		s := 0
		for i := range args {
			switch {
			case args[i] == types[i].OID:
				s += 3
			case args[i] == pgtype.OIDAnyarray && types[i].IsArray(), args[i] == pgtype.OIDAnynonarray && !types[i].IsArray():
				s += 2
			case args[i] == pgtype.OIDAny || args[i] == pgtype.OIDAnyelement:
				s++
			default:
				s = -100
			}
		}
		if s > score {
			best, score = p, s
		}
	}
	if best == nil {
		t.Fatalf("no aggregate %s(%v)", a.name, a.types)
	}
	return best, types
}

func TestAggregates(t *testing.T) {
	content, err := os.ReadFile(aggregateFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if *record {
		conn := connectReference(t)
		var out []string
		for _, line := range lines {
			if strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") {
				continue
			}
			out = append(out, line)
			if line != "" && line[0] != '#' {
				out = append(out, ask(conn, "SELECT "+parseAggregateCase(line).sql())...)
			}
		}
		lines = out
		if err := os.WriteFile(aggregateFile, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e := newEvaluator(t)
	for i := 0; i+1 < len(lines); i++ {
		if lines[i] == "" || lines[i][0] == '#' {
			continue
		}
		a := parseAggregateCase(lines[i])
		for _, merged := range []bool{false, true} {
			if got := a.run(t, e, merged); got != lines[i+1] && !(merged && a.name == "any_value") { // any value will do
				t.Errorf("line %d: %s (merged %v)\n got %s\nwant %s", i+1, lines[i], merged, got, lines[i+1])
			}
		}
		i++
	}
}
