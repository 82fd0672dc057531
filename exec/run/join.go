package run

import (
	"fmt"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// join picks the operator: by hash when there are keys, by nested loops otherwise and for lateral joins.
func (b *builder) join(n *plan.Join, outer *expr.Scope) (Operator, error) {
	if n.Lateral {
		return b.lateral(n, outer)
	}
	left, err := b.build(n.Left, outer)
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, outer)
	if err != nil {
		return nil, err
	}
	j := &hashJoin{exec: b.exec, kind: n.Kind, left: left, right: right, leftWidth: len(n.Left.Columns()), rightWidth: len(n.Right.Columns())}
	types, ok := commonKeyTypes(n.LeftKeys, n.RightKeys)
	if !ok {
		return nil, fmt.Errorf("run: join keys of types without a common form")
	}
	if j.keyer, err = newKeyer(types); err != nil {
		return nil, err
	}
	if j.leftKeys, err = b.compiler(n.Left.Columns(), outer).CompileAll(n.LeftKeys); err != nil {
		return nil, err
	}
	if j.rightKeys, err = b.compiler(n.Right.Columns(), outer).CompileAll(n.RightKeys); err != nil {
		return nil, err
	}
	if n.Cond != nil {
		both := append(n.Left.Columns(), n.Right.Columns()...)
		if j.cond, err = b.compiler(both, outer).Compile(n.Cond); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// hashJoin reads its right input into a table keyed by the join keys, then looks each left row up. Without keys every left row meets every
// right row, which is the nested loop over a materialised input.
type hashJoin struct {
	exec                  *Exec
	kind                  plan.JoinKind
	left, right           Operator
	leftKeys, rightKeys   []expr.Eval
	cond                  expr.Eval // on the joined row; nil: true
	keyer                 *keyer
	leftWidth, rightWidth int

	table   map[string][]*built
	all     []*built // in the order they came, for the unmatched of RIGHT and FULL
	frame   expr.Frame
	keys    []pgtype.Datum
	joined  []pgtype.Datum // left row, then right row
	leftRow []pgtype.Datum
	bucket  []*built // candidates of the current left row
	matched bool
	tail    int // position in all when the left input has ended, -1 before
	steps   int
}

// built is a row of the right input.
type built struct {
	row     []pgtype.Datum
	matched bool
}

func (j *hashJoin) Open(outer *expr.Frame) error {
	j.Close()
	j.frame = frameOf(outer, j.exec)
	j.table, j.all = make(map[string][]*built), nil
	j.keys = make([]pgtype.Datum, len(j.leftKeys))
	j.joined = make([]pgtype.Datum, j.leftWidth+j.rightWidth)
	j.leftRow, j.bucket, j.tail = nil, nil, -1
	if err := j.read(outer); err != nil {
		return err
	}
	return j.left.Open(outer)
}

// read builds the table. Rows whose keys have a NULL match nothing; they are kept only for the joins that show unmatched right rows.
func (j *hashJoin) read(outer *expr.Frame) error {
	if err := j.right.Open(outer); err != nil {
		return err
	}
	defer j.right.Close()
	var arena pgtype.Arena
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if err := j.exec.check(); err != nil {
				return err
			}
		}
		row, err := j.right.Next()
		if err != nil || row == nil {
			return err
		}
		key, null, err := j.keyOf(j.rightKeys, row)
		if err != nil {
			return err
		}
		if null && j.kind != plan.Right && j.kind != plan.Full {
			continue
		}
		x := &built{row: copyRow(&arena, row)}
		j.all = append(j.all, x)
		if !null {
			j.table[string(key)] = append(j.table[string(key)], x)
		}
	}
}

func (j *hashJoin) keyOf(keys []expr.Eval, row []pgtype.Datum) (key []byte, null bool, err error) {
	j.frame.Row = row
	for i, e := range keys {
		if j.keys[i], err = e(&j.frame); err != nil {
			return nil, false, err
		}
	}
	key, null = j.keyer.key(j.keys)
	return key, null, nil
}

func (j *hashJoin) Next() ([]pgtype.Datum, error) {
	for {
		if j.tail >= 0 {
			return j.unmatchedRight(), nil
		}
		if j.leftRow == nil {
			if err := j.nextLeft(); err != nil {
				return nil, err
			}
			if j.leftRow == nil {
				j.tail = 0
				continue
			}
		}
		row, err := j.match()
		if err != nil || row != nil {
			return row, err
		}
	}
}

// nextLeft reads a left row and finds its candidates.
func (j *hashJoin) nextLeft() error {
	row, err := j.left.Next()
	if err != nil || row == nil {
		return err
	}
	key, null, err := j.keyOf(j.leftKeys, row)
	if err != nil {
		return err
	}
	j.leftRow, j.matched, j.bucket = row, false, nil
	if !null {
		j.bucket = j.table[string(key)]
	}
	copy(j.joined, row)
	return nil
}

// match gives the next row that the current left row contributes; nil when it has no more, and then the next left row is due.
func (j *hashJoin) match() ([]pgtype.Datum, error) {
	for len(j.bucket) > 0 {
		x := j.bucket[0]
		j.bucket = j.bucket[1:]
		copy(j.joined[j.leftWidth:], x.row)
		ok, err := j.holds()
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		j.matched, x.matched = true, true
		switch j.kind {
		case plan.Semi:
			j.bucket = nil
			row := j.leftRow
			j.leftRow = nil
			return row, nil
		case plan.Anti:
			j.bucket = nil
			continue
		}
		return j.joined, nil
	}
	row := j.leftRow
	j.leftRow = nil
	if j.matched {
		return nil, nil
	}
	switch j.kind {
	case plan.Anti:
		return row, nil
	case plan.Left, plan.Full:
		clear(j.joined[j.leftWidth:])
		return j.joined, nil
	}
	return nil, nil
}

func (j *hashJoin) holds() (bool, error) {
	if j.steps++; j.steps&1023 == 0 {
		if err := j.exec.check(); err != nil {
			return false, err
		}
	}
	if j.cond == nil {
		return true, nil
	}
	j.frame.Row = j.joined
	v, err := j.cond(&j.frame)
	return !v.IsNull() && v.Bool(), err
}

// unmatchedRight gives the right rows that met no left row, for RIGHT and FULL joins.
func (j *hashJoin) unmatchedRight() []pgtype.Datum {
	if j.kind != plan.Right && j.kind != plan.Full {
		return nil
	}
	for j.tail < len(j.all) {
		x := j.all[j.tail]
		j.tail++
		if !x.matched {
			clear(j.joined[:j.leftWidth])
			copy(j.joined[j.leftWidth:], x.row)
			return j.joined
		}
	}
	return nil
}

func (j *hashJoin) Close() {
	j.left.Close()
	j.right.Close()
	j.table, j.all = nil, nil
}

// lateralJoin runs its right input anew for every left row, whose columns it may read.
type lateralJoin struct {
	exec                *Exec
	kind                plan.JoinKind
	left, right         Operator
	cond                expr.Eval
	leftKeys, rightKeys []expr.Eval
	leftWidth           int

	outer   *expr.Frame
	at      expr.Frame // the left row, as the right input's outer frame
	frame   expr.Frame
	joined  []pgtype.Datum
	active  bool
	matched bool
	steps   int
}

func (b *builder) lateral(n *plan.Join, outer *expr.Scope) (Operator, error) {
	if n.Kind == plan.Right || n.Kind == plan.Full {
		return nil, fmt.Errorf("run: a lateral join of kind %d", n.Kind)
	}
	left, err := b.build(n.Left, outer)
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, expr.NewScope(n.Left.Columns(), outer))
	if err != nil {
		return nil, err
	}
	j := &lateralJoin{exec: b.exec, kind: n.Kind, left: left, right: right, leftWidth: len(n.Left.Columns())}
	both := append(n.Left.Columns(), n.Right.Columns()...)
	j.joined = make([]pgtype.Datum, len(both))
	if len(n.LeftKeys) > 0 {
		return nil, fmt.Errorf("run: a lateral join with hash keys")
	}
	if n.Cond != nil {
		j.cond, err = b.compiler(both, outer).Compile(n.Cond)
	}
	return j, err
}

func (j *lateralJoin) Open(outer *expr.Frame) error {
	j.Close()
	j.outer, j.active = outer, false
	j.at, j.frame = frameOf(outer, j.exec), frameOf(outer, j.exec)
	return j.left.Open(outer)
}

func (j *lateralJoin) Next() ([]pgtype.Datum, error) {
	for {
		if !j.active {
			row, err := j.left.Next()
			if err != nil || row == nil {
				return nil, err
			}
			copy(j.joined, row)
			j.at.Row = j.joined[:j.leftWidth]
			if err := j.right.Open(&j.at); err != nil {
				return nil, err
			}
			j.active, j.matched = true, false
		}
		row, err := j.step()
		if err != nil || row != nil {
			return row, err
		}
	}
}

// step gives the next joined row of the current left row; nil when it has no more.
func (j *lateralJoin) step() ([]pgtype.Datum, error) {
	for {
		if j.steps++; j.steps&1023 == 0 {
			if err := j.exec.check(); err != nil {
				return nil, err
			}
		}
		row, err := j.right.Next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		copy(j.joined[j.leftWidth:], row)
		if j.cond != nil {
			j.frame.Row = j.joined
			v, err := j.cond(&j.frame)
			if err != nil {
				return nil, err
			}
			if v.IsNull() || !v.Bool() {
				continue
			}
		}
		j.matched = true
		switch j.kind {
		case plan.Semi:
			j.finish()
			return j.joined[:j.leftWidth], nil
		case plan.Anti:
			j.finish()
			return nil, nil
		}
		return j.joined, nil
	}
	j.finish()
	switch {
	case j.matched:
	case j.kind == plan.Left:
		clear(j.joined[j.leftWidth:])
		return j.joined, nil
	case j.kind == plan.Anti:
		return j.joined[:j.leftWidth], nil
	}
	return nil, nil
}

func (j *lateralJoin) finish() {
	j.right.Close()
	j.active = false
}

func (j *lateralJoin) Close() {
	j.left.Close()
	j.right.Close()
	j.active = false
}
