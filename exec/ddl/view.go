package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// createView runs CREATE [OR REPLACE] VIEW.
func (w *work) createView(n *pg_query.ViewStmt) error {
	if sel := n.Query.GetSelectStmt(); sel != nil && sel.IntoClause != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "views must not contain SELECT INTO")
	}
	if n.View.Relpersistence == "u" {
		return pgerr.New(pgerr.SyntaxError, "views cannot be unlogged because they do not have storage")
	}
	def, err := w.bindView(n.Query, stringsOf(n.Aliases))
	if err != nil {
		return err
	}
	columns, err := w.viewColumns(def, stringsOf(n.Aliases))
	if err != nil {
		return err
	}
	options, check, err := viewOptions(n)
	if err != nil {
		return err
	}
	if check != "" {
		why, err := bind.NotUpdatable(w.Bind, n.Query.GetSelectStmt())
		if err != nil {
			return err
		}
		if why != "" {
			return pgerr.New(pgerr.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", why)
		}
	}
	rv := proto.Clone(n.View).(*pg_query.RangeVar)
	if rv.Relpersistence != "t" && w.readsTemporary(def) {
		w.noticef(pgerr.SuccessfulCompletion, "view \"%s\" will be a temporary view", rv.Relname)
		rv.Relpersistence = "t"
	}
	schema, persistence, err := w.creationSchema(rv)
	if err != nil {
		return err
	}
	view := &desc.Relation{Name: rv.Relname, Schema: schema, Owner: w.User, Kind: desc.View, Persistence: persistence, Columns: columns, ViewQuery: def.Query,
		ViewCheck: check, Options: options, DependsOn: def.DependsOn, TypesUsed: def.TypesUsed}
	if old := w.findIn(schema, rv.Relname); old.found() && n.Replace {
		return w.replaceView(old, view)
	}
	if err := checkViewColumns(columns); err != nil {
		return err
	}
	if w.findIn(schema, rv.Relname).found() {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", rv.Relname)
	}
	return w.Catalog.CreateRelation(w.Ctx, view)
}

// viewColumns are the columns of a view: those of its query, the first ones renamed.
func (w *work) viewColumns(def *bind.ViewDef, names []string) ([]desc.Column, error) {
	if len(names) > len(def.Columns) {
		return nil, pgerr.New(pgerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	out := make([]desc.Column, len(def.Columns))
	for i, c := range def.Columns {
		t := c.Type
		if t.OID == pgtype.OIDUnknown {
			t = pgtype.ByOID(pgtype.OIDText)
		}
		if t.Kind == pgtype.KindPseudo {
			return nil, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", c.Name, t)
		}
		out[i] = desc.Column{Num: int16(i + 1), Name: c.Name, Type: t.OID, Typmod: c.Typmod, Collation: t.Collation, StatTarget: -1}
		if i < len(names) {
			out[i].Name = names[i]
		}
		// A column that is passed on keeps its collation.
		if base := w.Catalog.Relation(c.Table); base != nil && c.Num > 0 {
			if k := base.ColumnByNum(c.Num); k != nil && k.Type == t.OID {
				out[i].Collation = k.Collation
			}
		}
	}
	return out, nil
}

func checkViewColumns(columns []desc.Column) error {
	for i := range columns {
		if slices.ContainsFunc(columns[:i], func(c desc.Column) bool { return c.Name == columns[i].Name }) {
			return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", columns[i].Name)
		}
	}
	return nil
}

// viewOptions reads WITH (…) and WITH CHECK OPTION of a view.
func viewOptions(n *pg_query.ViewStmt) (options []string, check string, err error) {
	for _, x := range n.Options {
		name, value, err := viewOption(x.GetDefElem())
		if err != nil {
			return nil, "", err
		}
		if name == "check_option" {
			check = value
		}
		options = append(options, name+"="+value)
	}
	switch n.WithCheckOption {
	case pg_query.ViewCheckOption_LOCAL_CHECK_OPTION:
		check = "local"
	case pg_query.ViewCheckOption_CASCADED_CHECK_OPTION:
		check = "cascaded"
	default:
		return options, check, nil
	}
	return append(options, "check_option="+check), check, nil
}

func viewOption(d *pg_query.DefElem) (name, value string, err error) {
	value = optionText(d.Arg)
	switch d.Defname {
	case "check_option":
		if value != "local" && value != "cascaded" {
			return "", "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for enum option \"check_option\": %s", value).WithDetail("Valid values are \"local\" and \"cascaded\".")
		}
	case "security_barrier", "security_invoker":
		if _, ok := pgtype.ParseBool(value); !ok {
			return "", "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for boolean option \"%s\": %s", d.Defname, value)
		}
	default:
		return "", "", pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", d.Defname)
	}
	return d.Defname, value, nil
}

// readsTemporary tells whether a view reads a relation that lives only as long as its session.
func (w *work) readsTemporary(def *bind.ViewDef) bool {
	return slices.ContainsFunc(def.DependsOn, func(c desc.ColumnRef) bool {
		r := w.Catalog.Relation(c.Relation)
		return r != nil && r.Persistence == 't'
	})
}

// replaceView gives a view a new query; its columns stay and new ones may follow.
func (w *work) replaceView(old object, view *desc.Relation) error {
	if old.kind() != desc.View {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a view", old.name())
	}
	old, err := w.lockOwned(old, kv.AccessExclusive)
	if err != nil {
		return err
	}
	was := old.rel.Columns
	if len(view.Columns) < len(was) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i := range was {
		a, b := &was[i], &view.Columns[i]
		if a.Name != b.Name {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", a.Name, b.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if a.Type != b.Type || a.Typmod != b.Typmod {
			return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s", a.Name,
				pgtype.FormatType(w.Catalog.Type(a.Type), a.Typmod), pgtype.FormatType(w.Catalog.Type(b.Type), b.Typmod))
		}
	}
	if err := checkViewColumns(view.Columns); err != nil {
		return err
	}
	if slices.ContainsFunc(view.DependsOn, func(c desc.ColumnRef) bool { return c.Relation == old.rel.OID }) {
		return pgerr.Newf(pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", view.Name)
	}
	_, err = w.Catalog.AlterRelation(w.Ctx, old.rel.OID, func(r *desc.Relation) error {
		for i := range r.Columns { // defaults and privileges of the columns stay
			keep := r.Columns[i]
			view.Columns[i].Default, view.Columns[i].DefaultRefs, view.Columns[i].DefaultOID, view.Columns[i].ACL = keep.Default, keep.DefaultRefs, keep.DefaultOID, keep.ACL
		}
		r.Columns, r.ViewQuery, r.ViewCheck, r.Options, r.DependsOn, r.TypesUsed = view.Columns, view.ViewQuery, view.ViewCheck, view.Options, view.DependsOn, view.TypesUsed
		return nil
	})
	return err
}

// quoteLiteral writes a text as an SQL literal.
func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		q = " E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}
