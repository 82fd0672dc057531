package ddl

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/opt"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// createTableAs runs CREATE TABLE AS and SELECT INTO and gives the command tag.
func (w *work) createTableAs(n *pg_query.CreateTableAsStmt) (string, error) {
	if n.Objtype == pg_query.ObjectType_OBJECT_MATVIEW {
		return w.createMatView(n)
	}
	return w.tableAs(n.Query, n.Into, n.IfNotExists)
}

// selectInto runs SELECT … INTO.
func (w *work) selectInto(n *pg_query.Node) (string, error) {
	query := proto.Clone(n).(*pg_query.Node) // parsed statements are shared
	sel := query.GetSelectStmt()
	for sel.IntoClause == nil && sel.Larg != nil {
		sel = sel.Larg
	}
	into := sel.IntoClause
	sel.IntoClause = nil
	return w.tableAs(query, into, false)
}

func (w *work) tableAs(query *pg_query.Node, into *pg_query.IntoClause, ifNotExists bool) (string, error) {
	if query.GetExecuteStmt() != nil {
		return "", pgerr.Unsupported("CREATE TABLE AS EXECUTE")
	}
	schema, persistence, err := w.creationSchema(into.Rel)
	if err != nil {
		return "", err
	}
	if err := checkOnCommit(into.OnCommit, persistence); err != nil {
		return "", err
	}
	if ifNotExists {
		if done, err := w.exists(schema, into.Rel, true); done {
			return "CREATE TABLE AS", err
		}
	}
	inner := *w.stmt
	inner.Node = query
	env := *w.Bind
	env.FixedParams = true
	bound, err := bind.Bind(w.Ctx, &env, &inner, nil)
	if err != nil {
		return "", err
	}
	if _, err := w.exists(schema, into.Rel, false); err != nil {
		return "", err
	}
	rel := &desc.Relation{Name: into.Rel.Relname, Schema: schema, Owner: w.User, Kind: desc.Table, Persistence: persistence}
	if rel.Columns, err = resultColumns(bound.Columns, stringsOf(into.ColNames)); err != nil {
		return "", err
	}
	if err := w.tableOptions(rel, into.Options); err != nil {
		return "", err
	}
	if err := checkClass(rel); err != nil {
		return "", err
	}
	if err := (&tableBuild{w: w, rel: rel}).checkColumns(); err != nil {
		return "", err
	}
	if err := w.checkRead(bound); err != nil {
		return "", err
	}
	if err := w.Catalog.CreateRelation(w.Ctx, rel); err != nil {
		return "", err
	}
	w.noteOnCommit(rel, into.OnCommit)
	if into.SkipData {
		return "CREATE TABLE AS", nil
	}
	count, err := w.fill(rel, bound)
	return "SELECT " + strconv.FormatInt(count, 10), err
}

// resultColumns makes columns of a query's result, the first ones renamed.
func resultColumns(columns []plan.OutputColumn, names []string) ([]desc.Column, error) {
	if len(names) > len(columns) {
		return nil, pgerr.New(pgerr.SyntaxError, "too many column names were specified")
	}
	out := make([]desc.Column, len(columns))
	for i, c := range columns {
		t := c.Type
		if t.OID == pgtype.OIDUnknown {
			t = pgtype.ByOID(pgtype.OIDText)
		}
		name := c.Name
		if i < len(names) {
			name = names[i]
		}
		if t.Kind == pgtype.KindPseudo {
			return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", name, t)
		}
		out[i] = desc.Column{Num: int16(i + 1), Name: name, Type: t.OID, Typmod: c.Typmod, Collation: t.Collation, StatTarget: -1}
	}
	return out, nil
}

// checkRead locks what a query reads and checks the privileges that it needs.
func (w *work) checkRead(bound *plan.Statement) error {
	for _, oid := range bound.Relations {
		if _, err := w.Catalog.LockRelation(w.Ctx, oid, kv.AccessShare, w.Wait); err != nil {
			return err
		}
	}
	for _, p := range bound.Privileges {
		if err := w.checkPrivilege(p); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) checkPrivilege(p plan.Privilege) error {
	role := w.User
	if p.AsOwner != 0 {
		role = p.AsOwner
	}
	ref := relationRef(p.Relation)
	if catalog.HasPrivilege(w.Catalog, role, ref, p.Mode) {
		return nil
	}
	for _, n := range p.Columns {
		column := ref
		if column.SubID = int32(n); n <= 0 || !catalog.HasPrivilege(w.Catalog, role, column, p.Mode) {
			return catalog.CheckPrivilege(w.Catalog, role, ref, p.Mode)
		}
	}
	if len(p.Columns) == 0 {
		return catalog.CheckPrivilege(w.Catalog, role, ref, p.Mode)
	}
	return nil
}

// fill runs a query and puts its rows into a new table.
func (w *work) fill(rel *desc.Relation, bound *plan.Statement) (int64, error) {
	if err := w.freshRows(); err != nil {
		return 0, err
	}
	table, err := w.Table(rel)
	if err != nil {
		return 0, err
	}
	var count int64
	err = w.each(bound, func(row []pgtype.Datum) error {
		count++
		return table.Insert(w.Ctx, w.Access, row)
	})
	return count, err
}

// each runs a query and calls do with every row, which is valid until do returns.
func (w *work) each(bound *plan.Statement, do func([]pgtype.Datum) error) error {
	program, err := run.Build(opt.Optimize(bound, opt.Options{}).Root)
	if err != nil {
		return err
	}
	if err := program.Start(w.Exec()); err != nil {
		program.Root.Close()
		return err
	}
	defer program.Root.Close()
	for {
		row, err := program.Root.Next()
		if err != nil || row == nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
}
