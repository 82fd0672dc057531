package run

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// rowColumns are the ids of a complete row's columns (by attribute number, dropped ones too) under a Rel number.
func rowColumns(rel int32, table *desc.Relation) []expr.ColID {
	out := make([]expr.ColID, len(table.Columns))
	for i := range out {
		out[i] = expr.ColID{Rel: rel, Num: int16(i + 1)}
	}
	return out
}

// rowCompiler compiles expressions over complete rows of a table, known under the Rel numbers given: they can name the table's tableoid, which no row holds.
func (b *builder) rowCompiler(columns []expr.ColID, outer *expr.Scope, table *desc.Relation, rels ...int32) *expr.Compiler {
	c := b.compiler(columns, outer)
	c.Scope.Fixed = make(map[expr.ColID]pgtype.Datum, len(rels))
	for _, rel := range rels {
		c.Scope.Fixed[expr.ColID{Rel: rel, Num: plan.TableOID}] = pgtype.OIDValue(table.OID)
	}
	return c
}

// rules checks new rows: generated columns first, then NOT NULL, then CHECK, as PostgreSQL does.
type rules struct {
	exec      *Exec
	table     *desc.Relation
	types     []*pgtype.Type // filled at the first error
	checks    []namedEval
	generated []assign
	frame     expr.Frame
}

type namedEval struct {
	name string
	eval expr.Eval
}

type assign struct {
	num  int16
	eval expr.Eval
}

func (b *builder) rules(table *desc.Relation, r *plan.TableRules) (*rules, error) {
	out := &rules{exec: b.exec, table: table}
	if r == nil {
		return out, nil
	}
	c := b.rowCompiler(rowColumns(r.Rel, table), nil, table, r.Rel)
	for _, k := range r.Checks {
		eval, err := c.Compile(k.Expr)
		if err != nil {
			return nil, err
		}
		out.checks = append(out.checks, namedEval{k.Name, eval})
	}
	var err error
	out.generated, err = compileAssigns(c, r.Generated)
	return out, err
}

// options compiles the conditions of WITH CHECK OPTION over complete rows.
func (b *builder) options(list []expr.NamedCheck, rel int32, table *desc.Relation, outer *expr.Scope) ([]namedEval, error) {
	var out []namedEval
	c := b.compiler(rowColumns(rel, table), outer)
	for _, k := range list {
		eval, err := c.Compile(k.Expr)
		if err != nil {
			return nil, err
		}
		out = append(out, namedEval{k.Name, eval})
	}
	return out, nil
}

// checkOptions checks a row that has been written against the views that it was written through.
func (m *modify) checkOptions(values []pgtype.Datum) error {
	frame := frameOf(m.frame.Outer, m.exec)
	frame.Row = values
	for _, o := range m.options {
		v, err := o.eval(&frame)
		if err != nil {
			return err
		}
		if v.IsNull() || !v.Bool() {
			return pgerr.Newf(pgerr.WithCheckOptionViolation, "new row violates check option for view %q", o.name).
				WithDetail("Failing row contains %s.", m.rules.describe(values))
		}
	}
	return nil
}

func compileAssigns(c *expr.Compiler, list []plan.Assign) ([]assign, error) {
	out := make([]assign, len(list))
	for i, a := range list {
		eval, err := c.Compile(a.Expr)
		if err != nil {
			return nil, err
		}
		out[i] = assign{a.Num, eval}
	}
	return out, nil
}

// apply fills generated columns into values and checks the row.
func (r *rules) apply(values []pgtype.Datum) error {
	r.frame = frameOf(nil, r.exec)
	r.frame.Row = values
	for _, g := range r.generated {
		v, err := g.eval(&r.frame)
		if err != nil {
			return err
		}
		values[g.num-1] = v
	}
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if c.NotNull && !c.Dropped && values[i].IsNull() {
			e := pgerr.Newf(pgerr.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", c.Name, r.table.Name).
				WithDetail("Failing row contains %s.", r.describe(values))
			r.locate(e)
			e.Column = c.Name
			return e
		}
	}
	for _, k := range r.checks {
		v, err := k.eval(&r.frame)
		if err != nil {
			return err
		}
		if !v.IsNull() && !v.Bool() {
			e := pgerr.Newf(pgerr.CheckViolation, "new row for relation %q violates check constraint %q", r.table.Name, k.name).
				WithDetail("Failing row contains %s.", r.describe(values))
			r.locate(e)
			e.Constraint = k.name
			return e
		}
	}
	return nil
}

func (r *rules) locate(e *pgerr.Error) {
	if s := r.exec.Catalog.Schema(r.table.Schema); s != nil {
		e.Schema = s.Name
	}
	e.Table = r.table.Name
}

// describe prints a row for an error's DETAIL: values cut at 64 characters.
func (r *rules) describe(values []pgtype.Datum) string {
	var parts []string
	for i := range r.table.Columns {
		c := &r.table.Columns[i]
		if c.Dropped {
			continue
		}
		if values[i].IsNull() {
			parts = append(parts, "null")
			continue
		}
		s := string(r.exec.Catalog.Type(c.Type).Codec.AppendText(r.exec.RT.Text, nil, values[i]))
		if runes := []rune(s); len(runes) > 64 {
			s = string(runes[:64]) + "..."
		}
		parts = append(parts, s)
	}
	return fmt.Sprintf("(%s)", strings.Join(parts, ", "))
}
