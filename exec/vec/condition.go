package vec

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// condition compiles "e is want": with want false it holds where e is false, not where e is NULL. So NOT needs no kernel of its own.
func (c *compiler) condition(e expr.Expr, want bool) (condition, error) {
	switch e := e.(type) {
	case *expr.BoolOp:
		return c.boolOp(e, want)
	case *expr.NullTest:
		if !e.Row && want {
			arg, err := c.compile(e.Arg)
			return &nullTest{arg: arg, null: !e.Not}, err
		}
		if !e.Row {
			arg, err := c.compile(e.Arg)
			return &nullTest{arg: arg, null: e.Not}, err
		}
	case *expr.Call:
		k, err := c.compare(e, want)
		if k != nil || err != nil {
			return k, err
		}
		if k, err = c.like(e, want); k != nil || err != nil {
			return k, err
		}
	case *expr.ArrayOp:
		k, err := c.inList(e, want)
		if k != nil || err != nil {
			return k, err
		}
	}
	value, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	if rows, ok := value.(*byRow); ok {
		return &rowCondition{byRow: rows, want: want}, nil
	}
	return &boolValue{value: value, want: want}, nil
}

func (c *compiler) boolOp(e *expr.BoolOp, want bool) (condition, error) {
	if e.Op == expr.Not {
		return c.condition(e.Args[0], !want)
	}
	parts := make([]condition, len(e.Args))
	for i, a := range e.Args {
		var err error
		if parts[i], err = c.condition(a, want); err != nil {
			return nil, err
		}
	}
	if (e.Op == expr.And) == want {
		return conjunction(parts), nil
	}
	return &disjunction{parts: parts}, nil
}

// conjunction holds where all parts do; each is asked only about the rows that those before it left.
type conjunction []condition

func (c conjunction) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	for _, part := range c {
		var err error
		if sel, err = part.narrow(b, sel); err != nil || len(sel) == 0 {
			return sel, err
		}
	}
	return selected(b, sel), nil
}

// disjunction holds where one of the parts does; each is asked only about the rows for which those before it did not hold.
type disjunction struct {
	parts []condition
	rest  []int32
	hits  bitmap
	out   []int32
}

func (d *disjunction) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	rows := selected(b, sel)
	d.hits.reset(b.N)
	left := rows
	for _, part := range d.parts {
		found, err := part.narrow(b, left)
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			d.hits.set(i)
		}
		d.rest = d.hits.without(rows, d.rest[:0])
		if left = d.rest; len(left) == 0 {
			break
		}
	}
	d.out = d.hits.among(rows, d.out[:0])
	return d.out, nil
}

// bitmap is a set of rows.
type bitmap []uint64

func (m *bitmap) reset(n int) {
	if cap(*m) < column.Words(n) {
		*m = make(bitmap, column.Words(max(n, column.Rows)))
	}
	*m = (*m)[:column.Words(n)]
	clear(*m)
}

func (m bitmap) set(i int32)      { m[i>>6] |= 1 << (i & 63) }
func (m bitmap) has(i int32) bool { return m[i>>6]&(1<<(i&63)) != 0 }

// among appends those rows that are in the set, without those that are not.
func (m bitmap) among(rows, out []int32) []int32 {
	for _, i := range rows {
		if m.has(i) {
			out = append(out, i)
		}
	}
	return out
}

func (m bitmap) without(rows, out []int32) []int32 {
	for _, i := range rows {
		if !m.has(i) {
			out = append(out, i)
		}
	}
	return out
}

// nullTest is IS NULL and IS NOT NULL.
type nullTest struct {
	arg  evaluator
	null bool
	out  []int32
}

func (t *nullTest) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	v, err := t.arg.eval(b, sel)
	if err != nil {
		return nil, err
	}
	rows := selected(b, sel)
	if v.Valid == nil && v.Kind != column.Datum {
		if t.null {
			return t.out[:0], nil
		}
		return rows, nil
	}
	t.out = t.out[:0]
	for _, i := range rows {
		if isNull(v, int(i)) == t.null {
			t.out = append(t.out, i)
		}
	}
	return t.out, nil
}

// isNull asks a vector of any kind.
func isNull(v *column.Vector, i int) bool {
	return v.IsNull(i) || v.Kind == column.Datum && v.D[i].IsNull()
}

// boolValue is a boolean expression that has a vector.
type boolValue struct {
	value evaluator
	want  bool
	out   []int32
}

func (t *boolValue) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	v, err := t.value.eval(b, sel)
	if err != nil {
		return nil, err
	}
	t.out = t.out[:0]
	for _, i := range selected(b, sel) {
		if !v.IsNull(int(i)) && (v.I[i] != 0) == t.want {
			t.out = append(t.out, i)
		}
	}
	return t.out, nil
}

// rowCondition asks the row evaluator.
type rowCondition struct {
	*byRow
	want bool
	out  []int32
}

func (t *rowCondition) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	t.out = t.out[:0]
	for _, i := range selected(b, sel) {
		d, err := t.at(b, i)
		if err != nil {
			return nil, err
		}
		if !d.IsNull() && d.Bool() == t.want {
			t.out = append(t.out, i)
		}
	}
	return t.out, nil
}

// valid gives the rows with a value in v; buf is memory for them.
func valid(v *column.Vector, rows, buf []int32) []int32 {
	if v.Valid == nil && v.Kind != column.Datum {
		return rows
	}
	buf = buf[:0]
	for _, i := range rows {
		if !isNull(v, int(i)) {
			buf = append(buf, i)
		}
	}
	return buf
}

// trimmed tells whether a type's values are compared without their trailing blanks.
func trimmed(t *pgtype.Type) bool { return t.OID == pgtype.OIDBpchar }
