package vec

import (
	"bufio"
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/tpch"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The benchmarks run operators alone, over columns of TPC-H's lineitem that lie packed in memory, on one worker and on two. KALAMPG_BENCH_SF sets the scale
// factor; rows/s and, for the queries, the time that the six million rows of scale factor 1 would take are reported.

// packedSource is columns in memory.
type packedSource struct {
	parts []packedPart
	used  []int // fields by position of a column
	next  atomic.Int64
}

type packedPart struct {
	rows int
	cols []*column.Packed
}

func (s *packedSource) Parts() int { return len(s.parts) }
func (s *packedSource) Close()     {}
func (s *packedSource) Reader() Reader {
	return &packedReader{s: s, part: -1}
}

type packedReader struct {
	s             *packedSource
	part, from, n int
}

func (r *packedReader) Next(*Query) (int, error) {
	if r.part < 0 || r.from+r.n == r.s.parts[r.part].rows {
		if r.part = int(r.s.next.Add(1)) - 1; r.part >= len(r.s.parts) {
			return 0, nil
		}
		r.from, r.n = 0, 0
	}
	r.from += r.n
	r.n = min(column.Rows, r.s.parts[r.part].rows-r.from)
	return r.n, nil
}

func (r *packedReader) Selection() []int32 { return nil }
func (r *packedReader) Part() int          { return r.part }
func (r *packedReader) Columns(want []int, sel []int32, vecs []*column.Vector) error {
	for _, at := range want {
		r.s.parts[r.part].cols[r.s.used[at]].Lay(r.from, r.n, sel, vecs[at])
	}
	return nil
}
func (r *packedReader) Close() {}

// lineitem's columns in the order in which the benchmarks have them, with their places in the generator's lines.
var (
	lineFields = []int{0, 4, 5, 6, 7, 8, 9, 10}
	lineTypes  = []pgtype.OID{pgtype.OIDInt4, pgtype.OIDNumeric, pgtype.OIDNumeric, pgtype.OIDNumeric, pgtype.OIDNumeric, pgtype.OIDBpchar, pgtype.OIDBpchar, pgtype.OIDDate}
)

const (
	orderKey = iota
	quantity
	price
	discount
	tax
	returnFlag
	lineStatus
	shipDate
)

var lineitem = sync.OnceValue(func() []packedPart {
	scale := 0.1
	if v, err := strconv.ParseFloat(os.Getenv("KALAMPG_BENCH_SF"), 64); err == nil {
		scale = v
	}
	from, to := io.Pipe()
	go func() { to.CloseWithError(tpch.At(scale).Write("lineitem", to)) }()
	lines := bufio.NewScanner(from)
	var parts []packedPart
	var packers []column.Packer
	vecs := make([]column.Vector, len(lineFields))
	rows := 0
	flush := func() {
		p := packedPart{rows: rows}
		for i := range packers {
			p.cols = append(p.cols, packers[i].Pack())
		}
		parts = append(parts, p)
		rows = 0
	}
	for lines.Scan() {
		if rows == 0 {
			packers = make([]column.Packer, len(lineFields))
		}
		fields := strings.Split(lines.Text(), "|")
		for i, f := range lineFields {
			t := pgtype.ByOID(lineTypes[i])
			d, err := t.Codec.ParseText(pgtype.Default(), fields[f], -1)
			if err != nil {
				panic(err)
			}
			vecs[i].Reset(column.KindOf(t), 1)
			vecs[i].Set(0, 1, 0, d)
			packers[i].Add(&vecs[i], nil, 1)
		}
		if rows++; rows == 16384 {
			flush()
		}
	}
	if rows > 0 {
		flush()
	}
	return parts
})

// lines is a scan of some columns.
func lines(filter expr.Expr, used ...int) *Scan {
	s := &Scan{Filter: filter, Open: func(*Query) (Source, error) { return &packedSource{parts: lineitem(), used: used}, nil }}
	for _, i := range used {
		s.Columns = append(s.Columns, expr.ColID{Rel: 1, Num: int16(i + 1)})
	}
	return s
}

// of1994 is a filter that a seventh of the rows pass.
func of1994() expr.Expr {
	return both(compared(">=", col(shipDate), literal(pgtype.OIDDate, "1994-01-01")), compared("<", col(shipDate), literal(pgtype.OIDDate, "1995-01-01")))
}

func col(i int) expr.Expr {
	return &expr.Var{Typed: expr.Typed{T: pgtype.ByOID(lineTypes[i]), Mod: -1}, ID: expr.ColID{Rel: 1, Num: int16(i + 1)}}
}

func literal(oid pgtype.OID, text string) expr.Expr {
	t := pgtype.ByOID(oid)
	d, err := t.Codec.ParseText(pgtype.Default(), text, -1)
	if err != nil {
		panic(err)
	}
	return &expr.Const{Typed: expr.Typed{T: t, Mod: -1}, Value: d}
}

func arithmetic(src string, l, r expr.Expr) expr.Expr {
	return &expr.Call{Typed: expr.Typed{T: l.Type(), Mod: -1}, Proc: &pgfacts.Proc{Name: src, Src: src, Strict: true, Volatile: 'i'}, Args: []expr.Expr{l, r}}
}

func compared(op string, l, r expr.Expr) expr.Expr {
	return &expr.Call{Typed: expr.Typed{T: pgtype.ByOID(pgtype.OIDBool), Mod: -1}, Operator: &pgfacts.Operator{Name: op},
		Proc: &pgfacts.Proc{Strict: true, Volatile: 'i'}, Args: []expr.Expr{l, r}}
}

func both(parts ...expr.Expr) expr.Expr {
	return &expr.BoolOp{Typed: expr.Typed{T: pgtype.ByOID(pgtype.OIDBool), Mod: -1}, Op: expr.And, Args: parts}
}

var library = sync.OnceValue(func() *builtin.Library {
	l, err := builtin.New()
	if err != nil {
		panic(err)
	}
	return l
})

func aggregate(oid pgtype.OID, args ...expr.Expr) *expr.Aggregate {
	p := pgfacts.ProcByOID(oid)
	return &expr.Aggregate{Typed: expr.Typed{T: pgtype.ByOID(p.Result), Mod: -1}, Proc: p, Def: library().Def(oid), Args: args, Star: len(args) == 0}
}

// perQuery runs an operator until the benchmark has enough, on one and on two workers.
func perQuery(b *testing.B, make func() Operator) {
	parts := lineitem()
	rows := 0
	for _, p := range parts {
		rows += p.rows
	}
	for _, workers := range []int{1, 2} {
		b.Run(strconv.Itoa(workers)+"workers", func(b *testing.B) {
			q := &Query{RT: &expr.Runtime{Run: 1, Ctx: context.Background(), Text: pgtype.Default()}, Workers: workers, Memory: &Memory{}}
			best := time.Hour
			for b.Loop() {
				begin := time.Now()
				op := make()
				streams, err := op.Streams(q, workers)
				if err != nil {
					b.Fatal(err)
				}
				err = together(len(streams), func(i int, _ *atomic.Bool) error {
					for {
						if batch, err := streams[i].Next(); err != nil || batch == nil {
							return err
						}
					}
				})
				if err != nil {
					b.Fatal(err)
				}
				op.Close()
				best = min(best, time.Since(begin))
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(best.Seconds()*1000*6001215/float64(rows), "best-ms-per-SF1")
		})
	}
}

func BenchmarkQuery6(b *testing.B) {
	perQuery(b, func() Operator {
		numeric := pgtype.OID(pgtype.OIDNumeric)
		scan := lines(both(of1994(), compared(">=", col(discount), literal(numeric, "0.05")), compared("<=", col(discount), literal(numeric, "0.07")),
			compared("<", col(quantity), literal(numeric, "24"))), quantity, price, discount, shipDate)
		return &Aggregate{Input: scan, Columns: scan.Columns, Aggs: []*expr.Aggregate{aggregate(2114, arithmetic("numeric_mul", col(price), col(discount)))}}
	})
}

func BenchmarkQuery1(b *testing.B) {
	perQuery(b, func() Operator {
		scan := lines(compared("<=", col(shipDate), literal(pgtype.OIDDate, "1998-09-02")), quantity, price, discount, tax, returnFlag, lineStatus, shipDate)
		one := literal(pgtype.OIDNumeric, "1")
		net := func() expr.Expr {
			return arithmetic("numeric_mul", col(price), arithmetic("numeric_sub", one, col(discount)))
		}
		return &Aggregate{Input: scan, Columns: scan.Columns, Keys: []expr.Expr{col(returnFlag), col(lineStatus)}, Aggs: []*expr.Aggregate{
			aggregate(2114, col(quantity)), aggregate(2114, col(price)), aggregate(2114, net()),
			aggregate(2114, arithmetic("numeric_mul", net(), arithmetic("numeric_add", one, col(tax)))),
			aggregate(2103, col(quantity)), aggregate(2103, col(price)), aggregate(2103, col(discount)), aggregate(2803)}}
	})
}

// BenchmarkGroups groups by a key of many values.
func BenchmarkGroups(b *testing.B) {
	perQuery(b, func() Operator {
		scan := lines(nil, orderKey, quantity)
		return &Aggregate{Input: scan, Columns: scan.Columns, Keys: []expr.Expr{col(orderKey)}, Aggs: []*expr.Aggregate{aggregate(2114, col(quantity))}}
	})
}

// BenchmarkFilter keeps a seventh of the rows.
func BenchmarkFilter(b *testing.B) {
	perQuery(b, func() Operator { return lines(of1994(), shipDate, price) })
}

// BenchmarkJoin looks all rows up among a seventh of them, by a key of many values.
func BenchmarkJoin(b *testing.B) {
	perQuery(b, func() Operator {
		left, right := lines(nil, orderKey, price), lines(of1994(), orderKey, shipDate)
		kinds := make([]column.Kind, 2)
		return &Join{Kind: plan.Inner, Left: left, Right: right, LeftColumns: left.Columns, RightColumns: right.Columns, LeftKinds: kinds, RightKinds: kinds,
			LeftKeys: []expr.Expr{col(orderKey)}, RightKeys: []expr.Expr{col(orderKey)}}
	})
}

// BenchmarkSort orders all rows by a decimal.
func BenchmarkSort(b *testing.B) {
	perQuery(b, func() Operator {
		scan := lines(nil, orderKey, price)
		return &Sort{Input: scan, Columns: scan.Columns, Kinds: make([]column.Kind, 2), Keys: []expr.SortKey{{Expr: col(price), Desc: true}}}
	})
}
