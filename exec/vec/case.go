package vec

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
)

// caseKernel is a searched CASE: each result is computed only for the rows that come to it.
type caseKernel struct {
	kind    column.Kind
	conds   []condition
	results []evaluator // one more than conds: ELSE
	v       column.Vector
	taken   bitmap
	rest    []int32
}

func (c *compiler) compileCase(e *expr.Case) (evaluator, error) {
	k := &caseKernel{kind: column.KindOf(e.T)}
	for _, w := range e.Whens {
		cond, err := c.condition(w.Cond, true)
		if err != nil {
			return nil, err
		}
		result, err := c.compile(w.Result)
		if err != nil {
			return nil, err
		}
		k.conds, k.results = append(k.conds, cond), append(k.results, result)
	}
	if e.Else == nil {
		k.results = append(k.results, &constant{kind: k.kind})
		return k, nil
	}
	other, err := c.compile(e.Else)
	k.results = append(k.results, other)
	return k, err
}

func (k *caseKernel) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	k.v.Reset(k.kind, b.N)
	k.taken.reset(b.N)
	rows := selected(b, sel)
	rest := rows
	for i, cond := range k.conds {
		hits, err := cond.narrow(b, rest)
		if err != nil {
			return nil, err
		}
		if len(hits) == 0 {
			continue
		}
		v, err := k.results[i].eval(b, hits)
		if err != nil {
			return nil, err
		}
		take(&k.v, v, hits, b.N)
		for _, at := range hits {
			k.taken.set(at)
		}
		k.rest = k.taken.without(rows, k.rest[:0])
		if rest = k.rest; len(rest) == 0 {
			break
		}
	}
	if len(rest) > 0 {
		v, err := k.results[len(k.conds)].eval(b, rest)
		if err != nil {
			return nil, err
		}
		take(&k.v, v, rest, b.N)
	}
	k.v.Done()
	return &k.v, nil
}

// take copies values of some rows into a vector of n places. Numerics of different scales make it one of datums, for the scale of each shows.
func take(to, from *column.Vector, rows []int32, n int) {
	if from.Valid == nil && to.Kind == from.Kind {
		switch to.Kind {
		case column.Word:
			for _, i := range rows {
				to.I[i] = from.I[i]
			}
			return
		case column.Decimal:
			if to.Scale < 0 {
				to.Scale = from.Scale
			}
			if to.Scale == from.Scale {
				for _, i := range rows {
					to.I[i] = from.I[i]
				}
				return
			}
		}
	}
	for _, i := range rows {
		to.Set(int(i), n, n, from.Datum(int(i)))
	}
}
