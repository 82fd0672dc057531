package run

import (
	"bytes"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// ForeignKey is a foreign key made runnable. A session keeps it as long as the catalog stays the same and uses it for one thing at a time.
//
// A key is compared by its bytes: the values of the referring columns, converted to the types of the referenced ones, in the order of the referenced index.
type ForeignKey struct {
	plan              *plan.ForeignKey
	toParent, toChild []expr.Eval // nil elements: the value as it is
	converts          bool        // some element of toParent is not nil
	order             []int       // position in the constraint of each column of the referenced index
	childTypes        []*pgtype.Type
	parentTypes       []*pgtype.Type
	access            *desc.Index // of the referring table, to find rows by; nil: read all of it
	equal             []int       // positions in the constraint of the columns that access begins with

	values []pgtype.Datum // of the key being made
	sorted []pgtype.Datum
}

// Constraint is the descriptor.
func (f *ForeignKey) Constraint() *desc.Constraint { return f.plan.Constraint }

// CompileForeignKey makes a foreign key runnable; types finds the types of its columns.
func CompileForeignKey(p *plan.ForeignKey, types userdata.Types) (*ForeignKey, error) {
	n := len(p.Constraint.Columns)
	f := &ForeignKey{plan: p, values: make([]pgtype.Datum, n), sorted: make([]pgtype.Datum, n)}
	columns := make([]expr.ColID, n)
	for i := range columns {
		columns[i] = expr.ColID{Rel: p.Rel, Num: int16(i + 1)}
	}
	c := &expr.Compiler{Scope: expr.NewScope(columns, nil)}
	for i := range n {
		to, from, err := compileBoth(c, p.ToParent[i], p.ToChild[i])
		if err != nil {
			return nil, err
		}
		f.toParent, f.toChild = append(f.toParent, to), append(f.toChild, from)
		f.converts = f.converts || to != nil
		f.childTypes = append(f.childTypes, types.Type(p.Child.Columns[p.Constraint.Columns[i]-1].Type).BaseType())
		f.parentTypes = append(f.parentTypes, types.Type(p.Parent.Columns[p.Constraint.RefColumns[i]-1].Type).BaseType())
	}
	for _, k := range p.Index.Keys {
		f.order = append(f.order, slices.Index(p.Constraint.RefColumns, k.Num))
	}
	f.chooseAccess()
	return f, nil
}

func compileBoth(c *expr.Compiler, x, y expr.Expr) (to, from expr.Eval, err error) {
	if x != nil {
		if to, err = c.Compile(x); err != nil {
			return nil, nil, err
		}
	}
	if y != nil {
		from, err = c.Compile(y)
	}
	return to, from, err
}

// chooseAccess finds the index of the referring table that begins with most of the key's columns.
func (f *ForeignKey) chooseAccess() {
	columns := f.plan.Constraint.Columns
	for i := range f.plan.Child.Indexes {
		x := &f.plan.Child.Indexes[i]
		if !x.Valid || x.Predicate != "" {
			continue
		}
		var equal []int
		for _, k := range x.Keys {
			at := slices.Index(columns, k.Num)
			if k.Num == 0 || at < 0 || slices.Contains(equal, at) || !f.findable(at) {
				break
			}
			equal = append(equal, at)
		}
		if len(equal) > len(f.equal) {
			f.access, f.equal = x, equal
		}
	}
}

// findable tells whether all values of a referring column that equal one of the referenced column are found as one value: trailing blanks that character columns ignore
// are seen by an index on text.
func (f *ForeignKey) findable(i int) bool {
	from, to := f.childTypes[i], f.parentTypes[i]
	return from == to || to.OID != pgtype.OIDBpchar && (f.toChild[i] != nil || f.toParent[i] == nil)
}

// keyState says what a row's referring columns hold.
type keyState uint8

const (
	keyGiven   keyState = iota // a key to look for
	keyNull                    // NULL: the row refers to nothing
	keyPartial                 // some columns are NULL under MATCH FULL
	keyBeyond                  // no referenced row can have it
)

// childKey appends the key that a row of the referring table has, in the referenced table's form.
func (f *ForeignKey) childKey(x *Exec, parent *userdata.Table, dst []byte, scope string, row []pgtype.Datum) ([]byte, keyState, error) {
	nulls := 0
	for i, n := range f.plan.Constraint.Columns {
		f.values[i] = row[n-1]
		if f.values[i].IsNull() {
			nulls++
		}
	}
	switch {
	case nulls == len(f.values), nulls > 0 && f.plan.Constraint.Match != 'f':
		return dst, keyNull, nil
	case nulls > 0:
		return dst, keyPartial, nil
	}
	if f.converts {
		ok, err := f.convert(x)
		if err != nil || !ok {
			return dst, keyBeyond, err
		}
	}
	for i, at := range f.order {
		f.sorted[i] = f.values[at]
	}
	return parent.ReferenceKey(dst, f.plan.Index, scope, f.sorted), keyGiven, nil
}

// convert makes f.values those of the referenced types; ok is false where a value has no equal among them.
func (f *ForeignKey) convert(x *Exec) (ok bool, err error) {
	given := slices.Clone(f.values)
	frame := expr.Frame{RT: x.RT, Row: given}
	for i, to := range f.toParent {
		if to == nil {
			continue
		}
		v, err := to(&frame)
		if err != nil {
			return false, notData(err)
		}
		f.values[i] = v
		if f.plan.Exact[i] || f.toChild[i] == nil {
			continue
		}
		if back, err := f.back(x, i, v); err != nil || !same(f.childTypes[i], back, given[i]) {
			return false, notData(err)
		}
	}
	return true, nil
}

// back converts the i-th value of a referenced key to the referring column's type.
func (f *ForeignKey) back(x *Exec, i int, v pgtype.Datum) (pgtype.Datum, error) {
	if f.toChild[i] == nil {
		return v, nil
	}
	row := make([]pgtype.Datum, len(f.values))
	row[i] = v
	return f.toChild[i](&expr.Frame{RT: x.RT, Row: row})
}

func same(t *pgtype.Type, a, b pgtype.Datum) bool {
	return !a.IsNull() && !b.IsNull() && t.Codec.Compare(a, b) == 0
}

// notData leaves out errors about values that a type does not have.
func notData(err error) error {
	if e, ok := pgerr.As(err); ok && len(e.Code) == 5 && e.Code[:2] == "22" {
		return nil
	}
	return err
}

// childValues gives the values by which the rows that refer to a key are found in f.access; ok is false when the referring type has no equal of one.
func (f *ForeignKey) childValues(x *Exec, key []pgtype.Datum, out []pgtype.Datum) (ok bool, err error) {
	for i, at := range f.equal {
		v, err := f.back(x, at, key[at])
		if err != nil {
			return false, notData(err)
		}
		if v.IsNull() {
			return false, nil
		}
		out[i] = v
	}
	return true, nil
}

// parentKey appends the key of a referenced row, given by the values of the referenced columns.
func (f *ForeignKey) parentKey(parent *userdata.Table, dst []byte, scope string, key []pgtype.Datum) []byte {
	for i, at := range f.order {
		f.sorted[i] = key[at]
	}
	return parent.ReferenceKey(dst, f.plan.Index, scope, f.sorted)
}

// parentValues takes the referenced columns out of a row of the referenced table; ok is false when one is NULL, so that nothing can refer to it.
func (f *ForeignKey) parentValues(row, out []pgtype.Datum) (ok bool) {
	for i, n := range f.plan.Constraint.RefColumns {
		if out[i] = row[n-1]; out[i].IsNull() {
			return false
		}
	}
	return true
}

// sameColumns tells whether two rows agree in columns, byte by byte.
func sameColumns(types []*pgtype.Type, nums []int16, a, b []pgtype.Datum) bool {
	var x, y []byte
	for i, n := range nums {
		v, w := a[n-1], b[n-1]
		if v.IsNull() || w.IsNull() {
			if v.IsNull() != w.IsNull() {
				return false
			}
			continue
		}
		x, y = types[i].Codec.AppendStored(x[:0], v), types[i].Codec.AppendStored(y[:0], w)
		if !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}
