package run

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// missing is the error of a row whose reference finds nothing.
func (f *ForeignKey) missing(x *Exec, row []pgtype.Datum, partial bool) error {
	c := f.plan.Constraint
	e := pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", f.plan.Child.Name, c.Name)
	switch values := make([]pgtype.Datum, len(c.Columns)); {
	case partial:
		e.WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.")
	case !f.mayShow(x, f.plan.Child, c.Columns):
		e.WithDetail("Key is not present in table %q.", f.plan.Parent.Name)
	default:
		for i, n := range c.Columns {
			values[i] = row[n-1]
		}
		e.WithDetail("Key %s is not present in table %q.", describeKey(x, f.plan.Child, c.Columns, f.childTypes, values), f.plan.Parent.Name)
	}
	return f.located(x, e)
}

// stillReferenced is the error of a key that has gone while rows refer to it.
func (f *ForeignKey) stillReferenced(x *Exec, a action) *pgerr.Error {
	c := f.plan.Constraint
	e := pgerr.Newf(pgerr.ForeignKeyViolation, "update or delete on table %q violates foreign key constraint %q on table %q", f.plan.Parent.Name, c.Name, f.plan.Child.Name)
	if f.mayShow(x, f.plan.Parent, c.RefColumns) {
		e.WithDetail("Key %s is still referenced from table %q.", describeKey(x, f.plan.Parent, c.RefColumns, f.parentTypes, a.old), f.plan.Child.Name)
	} else {
		e.WithDetail("Key is still referenced from table %q.", f.plan.Child.Name)
	}
	return f.located(x, e)
}

func (f *ForeignKey) located(x *Exec, e *pgerr.Error) *pgerr.Error {
	schema := ""
	if s := x.Catalog.Schema(f.plan.Child.Schema); s != nil {
		schema = s.Name
	}
	return e.WithTable(schema, f.plan.Child.Name).WithConstraint(f.plan.Constraint.Name)
}

// mayShow tells whether the user may read the columns whose values an error would show.
func (f *ForeignKey) mayShow(x *Exec, rel *desc.Relation, columns []int16) bool {
	user := x.RT.Env.CurrentUser()
	if catalog.HasPrivilege(x.Catalog, user, desc.ObjectRef{Class: desc.ClassRelation, OID: rel.OID}, desc.Select) {
		return true
	}
	for _, n := range columns {
		if !catalog.HasPrivilege(x.Catalog, user, desc.ObjectRef{Class: desc.ClassRelation, OID: rel.OID, SubID: int32(n)}, desc.Select) {
			return false
		}
	}
	return true
}

// describeKey prints "(a, b)=(1, 2)".
func describeKey(x *Exec, rel *desc.Relation, columns []int16, types []*pgtype.Type, values []pgtype.Datum) string {
	var names, texts []string
	for i, n := range columns {
		names = append(names, rel.Columns[n-1].Name)
		text := "null"
		if !values[i].IsNull() {
			text = string(types[i].Codec.AppendText(x.RT.Text, nil, values[i]))
		}
		texts = append(texts, text)
	}
	return fmt.Sprintf("(%s)=(%s)", strings.Join(names, ", "), strings.Join(texts, ", "))
}

// inStatement adds to an error the statement that PostgreSQL would have run for the action.
func (f *ForeignKey) inStatement(x *Exec, err error, update bool) error {
	e, ok := pgerr.As(err)
	if !ok {
		return err
	}
	where := "SQL statement \"" + f.actionText(x, update) + "\""
	if e.Where != "" {
		where = e.Where + "\n" + where
	}
	e.Where = where
	return e
}

func (f *ForeignKey) actionText(x *Exec, update bool) string {
	c, child := f.plan.Constraint, f.plan.Child
	letter, set := c.OnDelete, c.Columns
	if update {
		letter = c.OnUpdate
	} else if len(c.OnDeleteColumns) > 0 {
		set = c.OnDeleteColumns
	}
	name := pgtype.QuoteIdentifier
	quoted := func(s string) string { return "\"" + strings.ReplaceAll(s, "\"", "\"\"") + "\"" }
	table := quoted(child.Name)
	if s := x.Catalog.Schema(child.Schema); s != nil {
		table = quoted(s.Name) + "." + table
	}
	var b strings.Builder
	first := 1
	if letter == 'c' && !update {
		b.WriteString("DELETE FROM ONLY " + table)
	} else {
		b.WriteString("UPDATE ONLY " + table + " SET ")
		for i, n := range set {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoted(child.Columns[n-1].Name) + " = ")
			switch letter {
			case 'c':
				fmt.Fprintf(&b, "$%d", i+1)
				first = len(set) + 1
			case 'n':
				b.WriteString("NULL")
			case 'd':
				b.WriteString("DEFAULT")
			}
		}
	}
	for i, n := range c.Columns {
		word := " AND "
		if i == 0 {
			word = " WHERE "
		}
		left, right := "", ""
		if l, r := f.operands(i); l != nil {
			if l != f.parentTypes[i] {
				left = "::pg_catalog." + name(l.Name)
			}
			if r != f.childTypes[i] {
				right = "::pg_catalog." + name(r.Name)
			}
		}
		fmt.Fprintf(&b, "%s$%d%s OPERATOR(pg_catalog.=) %s%s", word, first+i, left, quoted(child.Columns[n-1].Name), right)
	}
	return b.String()
}

// operands are the types that the operator between the i-th columns takes.
func (f *ForeignKey) operands(i int) (left, right *pgtype.Type) {
	if len(f.plan.Operators) <= i || f.plan.Operators[i] == nil {
		return nil, nil
	}
	op := f.plan.Operators[i]
	return pgtype.ByOID(op.Left), pgtype.ByOID(op.Right)
}
