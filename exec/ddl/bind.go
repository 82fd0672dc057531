package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// relNumber is the relation number of the columns in expressions about one table.
const relNumber = 1

// stored is an expression that the catalog keeps, bound and as text.
type stored struct {
	*bind.BoundExpr
	text string
}

// bindStored binds an expression of the statement and gives the text to store.
func (w *work) bindStored(n *pg_query.Node, s bind.Stored) (*stored, error) {
	s.Source = w.stmt.Source
	return w.bindUnplaced(n, s)
}

// bindUnplaced is bindStored with errors that give no position: PostgreSQL binds the defaults, checks and generated columns of ALTER TABLE when the statement's text is gone.
func (w *work) bindUnplaced(n *pg_query.Node, s bind.Stored) (*stored, error) {
	s.Rel = relNumber
	b, err := bind.BindExpr(w.Bind, n, s)
	if err != nil {
		return nil, err
	}
	if s.Kind == bind.IndexExpression || s.Kind == bind.IndexPredicate {
		system := false
		expr.Walk(b.Expr, func(e expr.Expr) bool {
			v, ok := e.(*expr.Var)
			system = system || ok && v.ID.Num < 0
			return true
		})
		if system {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "index creation on system columns is not supported")
		}
	}
	return &stored{b, w.deparse(b.Expr, s.Relation)}, nil
}

// bindText binds an expression that the catalog keeps.
func (w *work) bindText(text string, s bind.Stored) (*bind.BoundExpr, error) {
	s.Rel = relNumber
	return bind.BindExprText(w.Bind, text, s)
}

// deparse writes a bound expression as it is kept: its columns by the names that they have in rel, whatever the session's settings.
func (w *work) deparse(e expr.Expr, rel *desc.Relation) string {
	expr.Walk(e, func(x expr.Expr) bool {
		bind.RefreshType(x, w.Catalog)
		return true
	})
	text := *pgtype.Default()
	text.Names = fullNames{w.RT.Text.Names, w}
	return bind.Deparse(e, bind.DeparseOptions{Text: &text, Value: "VALUE", Column: func(v *expr.Var) string {
		if rel != nil {
			if c := rel.ColumnByNum(v.ID.Num); c != nil {
				return pgtype.QuoteIdentifier(c.Name)
			}
		}
		return pgtype.QuoteIdentifier(v.Name)
	}})
}

// fullNames prints relations with their schema: what is stored has to mean the same whatever search_path will be.
type fullNames struct {
	pgtype.Names
	w *work
}

func (n fullNames) Name(kind string, oid pgtype.OID) (string, bool) {
	if kind == "regclass" {
		if r := n.w.Catalog.Relation(oid); r != nil && r.Class != desc.System {
			return n.w.qualified(r), true
		}
	}
	return n.Names.Name(kind, oid)
}

// qualified is a relation's name in full.
func (w *work) qualified(r *desc.Relation) string {
	return pgtype.QuoteIdentifier(w.schemaName(r.Schema)) + "." + pgtype.QuoteIdentifier(r.Name)
}

// bindView binds the query of a view.
func (w *work) bindView(n *pg_query.Node, names []string) (*bind.ViewDef, error) {
	sel := n.GetSelectStmt()
	if sel == nil {
		return nil, pgerr.Unsupported("a view of this statement")
	}
	return bind.BindViewAs(w.Bind, sel, w.stmt.Source, names)
}

// typeName finds a type by its name in the statement.
func (w *work) typeName(n *pg_query.TypeName) (*pgtype.Type, int32, error) {
	t, mod, err := bind.TypeName(w.Bind, n)
	return t, mod, w.at(err, n.Location)
}

// refs are the relations that an expression of rel's depends on: sequences, and with columns those of rel itself.
func refs(b *bind.BoundExpr, columns bool) []desc.ColumnRef {
	var out []desc.ColumnRef
	for _, s := range b.Sequences {
		out = append(out, desc.ColumnRef{Relation: s})
	}
	if columns {
		for _, n := range b.Columns {
			out = append(out, desc.ColumnRef{Num: n})
		}
	}
	return out
}

// rowScope is the layout of a table's complete rows.
func rowScope(rel *desc.Relation) *expr.Compiler {
	columns := make([]expr.ColID, len(rel.Columns))
	for i := range columns {
		columns[i] = expr.ColID{Rel: relNumber, Num: int16(i + 1)}
	}
	scope := expr.NewScope(columns, nil)
	scope.Fixed = map[expr.ColID]pgtype.Datum{{Rel: relNumber, Num: plan.TableOID}: pgtype.OIDValue(rel.OID)}
	return &expr.Compiler{Scope: scope}
}

// compile makes an expression over the complete rows of a table runnable.
func (w *work) compile(rel *desc.Relation, e expr.Expr) (func(row []pgtype.Datum) (pgtype.Datum, error), error) {
	eval, err := rowScope(rel).Compile(e)
	if err != nil {
		return nil, err
	}
	frame := &expr.Frame{RT: w.RT}
	return func(row []pgtype.Datum) (pgtype.Datum, error) {
		frame.Row = row
		return eval(frame)
	}, nil
}
