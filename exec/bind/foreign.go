package bind

import (
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Relation numbers of the plans of foreign keys.
const (
	keyRel    int32 = 1 // a row of the key's values
	childRel  int32 = 2
	changeRel int32 = 3 // the referenced row's new key
)

// ForeignKey binds a foreign key of a relation.
func ForeignKey(env *Env, child *desc.Relation, c *desc.Constraint) (fk *plan.ForeignKey, err error) {
	b := newBinder(nil, env, "")
	b.scope = &scope{}
	err = guard(func() { fk = b.foreignKey(child, c) })
	return fk, err
}

func (b *binder) foreignKey(child *desc.Relation, c *desc.Constraint) *plan.ForeignKey {
	parent := b.env.Catalog.Relation(c.RefTable)
	if parent == nil || parent.Index(c.Index) == nil {
		b.errorf(-1, pgerr.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", c.Name, child.Name)
	}
	fk := &plan.ForeignKey{Child: child, Parent: parent, Constraint: c, Index: parent.Index(c.Index), Rel: keyRel}
	n := len(c.Columns)
	fk.ToParent, fk.ToChild, fk.Exact = make([]expr.Expr, n), make([]expr.Expr, n), make([]bool, n)
	for i := range c.Columns {
		from, to := b.typ(child.Columns[c.Columns[i]-1].Type).BaseType(), b.typ(parent.Columns[c.RefColumns[i]-1].Type).BaseType()
		fk.ToParent[i], fk.ToChild[i] = b.keyValue(i, from, to), b.keyValue(i, to, from)
		fk.Operators = append(fk.Operators, EqualsBetween(to, from))
		fk.Exact[i] = from == to || b.canCoerce(from, SortedAs(to), implicitCast)
	}
	return fk
}

// keyValue converts the i-th value of a key; nil when it stays as it is.
func (b *binder) keyValue(i int, from, to *pgtype.Type) expr.Expr {
	if from == to || widens(from, to) {
		return nil
	}
	v := &expr.Var{Typed: typed(from, -1), ID: expr.ColID{Rel: keyRel, Num: int16(i + 1)}}
	e := b.coerceTo(v, to, -1, explicitCast, expr.AsImplicitCast)
	if _, same := e.(*expr.Relabel); same && to.Rep == from.Rep {
		return nil
	}
	return e
}

// widens tells whether each value of an integer type is one of another as it stands.
func widens(from, to *pgtype.Type) bool {
	size := map[pgtype.OID]int{pgtype.OIDInt2: 2, pgtype.OIDInt4: 4, pgtype.OIDInt8: 8}
	return size[from.OID] != 0 && size[from.OID] < size[to.OID]
}

// SortedAs is the type whose operators a btree index on a type uses.
func SortedAs(t *pgtype.Type) *pgtype.Type {
	switch t.OID {
	case pgtype.OIDVarchar:
		return pgtype.ByOID(pgtype.OIDText)
	case pgtype.OIDCidr:
		return pgtype.ByOID(pgtype.OIDInet)
	}
	if t.Category == 'N' && len(t.Name) > 3 && t.Name[:3] == "reg" {
		return pgtype.ByOID(pgtype.OIDOid)
	}
	return t
}

// familiesAcrossTypes are btree's operator families with operators between different types.
var familiesAcrossTypes = [][]pgtype.OID{
	{pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8},
	{pgtype.OIDFloat4, pgtype.OIDFloat8},
	{pgtype.OIDDate, pgtype.OIDTimestamp, pgtype.OIDTimestamptz},
	{pgtype.OIDText, pgtype.OIDName},
}

// CanRefer tells whether a column of type child can refer to an indexed one of type parent.
func CanRefer(env *Env, parent, child *pgtype.Type) (ok bool) {
	b := newBinder(nil, env, "")
	parent, child = parent.BaseType(), child.BaseType()
	to := SortedAs(parent)
	if parent == child {
		return true
	}
	for _, f := range familiesAcrossTypes {
		if slices.Contains(f, to.OID) && slices.Contains(f, child.OID) {
			return true
		}
	}
	if to.Kind != pgtype.KindBase || to.IsArray() {
		return false
	}
	err := guard(func() { ok = b.canCoerce(child, to, implicitCast) && b.canCoerce(parent, to, implicitCast) })
	return ok && err == nil
}

// EqualsBetween finds the operator that compares a referenced column with a referring one, and the types that it takes; nil when there is none.
func EqualsBetween(parent, child *pgtype.Type) *pgfacts.Operator {
	to := SortedAs(parent.BaseType())
	find := func(l, r pgtype.OID) *pgfacts.Operator {
		for _, op := range pgfacts.OperatorsByName("=") {
			if op.Left == l && op.Right == r {
				return op
			}
		}
		return nil
	}
	if op := find(to.OID, child.BaseType().OID); op != nil {
		return op
	}
	return find(to.OID, to.OID)
}

// ReferentialAction makes the plan of what a foreign key does to the rows that refer to a key which is gone ('c' cascade, 'n' set null, 'd' set default) or, with
// update, has become another. The run is started for the keys.
func ReferentialAction(env *Env, fk *plan.ForeignKey, action byte, update bool) (node plan.Node, err error) {
	b := newBinder(nil, env, "")
	b.scope = &scope{}
	err = guard(func() { node = b.referentialAction(fk, action, update) })
	return node, err
}

func (b *binder) referentialAction(fk *plan.ForeignKey, action byte, update bool) plan.Node {
	source := &plan.Referring{Rel: childRel, Key: fk}
	rules := b.tableRules(fk.Child, childRel)
	if action == 'c' && !update {
		return &plan.Delete{Rel: childRel, Table: fk.Child, Source: source, Rules: rules}
	}
	columns := fk.Constraint.Columns
	if !update && len(fk.Constraint.OnDeleteColumns) > 0 {
		columns = fk.Constraint.OnDeleteColumns
	}
	node := &plan.Update{Rel: childRel, Table: fk.Child, Source: source, Rules: rules}
	for i, n := range columns {
		c := fk.Child.ColumnByNum(n)
		t := b.typ(c.Type)
		var e expr.Expr
		switch action {
		case 'c':
			source.Rekey = changeRel
			from := b.typ(fk.Parent.ColumnByNum(fk.Constraint.RefColumns[i]).Type)
			e = b.assign(&expr.Var{Typed: typed(from, -1), ID: expr.ColID{Rel: changeRel, Num: int16(i + 1)}}, c)
		case 'n':
			e = &expr.Const{Typed: typed(t, c.Typmod)}
		case 'd':
			e = b.columnDefault(fk.Child, c)
		}
		node.Set = append(node.Set, plan.Assign{Num: n, Expr: e})
	}
	return node
}
