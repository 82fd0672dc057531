package ddl

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// drop runs DROP of everything but roles and databases.
func (w *work) drop(n *pg_query.DropStmt) error {
	if n.Concurrent && w.InBlock {
		return pgerr.New(pgerr.ActiveSQLTransaction, "DROP INDEX CONCURRENTLY cannot run inside a transaction block")
	}
	var targets []desc.ObjectRef
	for _, x := range n.Objects {
		ref, ok, err := w.dropTarget(n, x)
		if err != nil {
			return err
		}
		if ok {
			targets = append(targets, ref)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	_, notices, err := w.Catalog.Drop(w.Ctx, targets, n.Behavior == pg_query.DropBehavior_DROP_CASCADE)
	w.noticeAll(notices)
	return err
}

// dropTarget finds one object of a DROP; ok is false when it does not exist and need not.
func (w *work) dropTarget(n *pg_query.DropStmt, x *pg_query.Node) (ref desc.ObjectRef, ok bool, err error) {
	switch n.RemoveType {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_INDEX,
		pg_query.ObjectType_OBJECT_MATVIEW, pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return w.dropRelation(n, x)
	case pg_query.ObjectType_OBJECT_SCHEMA:
		return w.dropSchema(n, x.GetString_().GetSval())
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		return w.dropType(n, x.GetTypeName())
	}
	return ref, false, w.dropMissing(n, x)
}

// kindOf is the kind of relation that a DROP or ALTER names.
func kindOf(t pg_query.ObjectType) desc.RelKind {
	switch t {
	case pg_query.ObjectType_OBJECT_VIEW:
		return desc.View
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		return desc.Sequence
	case pg_query.ObjectType_OBJECT_INDEX:
		return desc.IndexKind
	case pg_query.ObjectType_OBJECT_MATVIEW:
		return desc.MatView
	case pg_query.ObjectType_OBJECT_TYPE:
		return desc.Composite
	case pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return 'f'
	}
	return desc.Table
}

// kindNames are a kind of relation with its article, its words in DROP and in messages.
var kindNames = map[desc.RelKind]struct{ article, command, word string }{
	desc.Table: {"a", "TABLE", "table"}, desc.View: {"a", "VIEW", "view"}, desc.Sequence: {"a", "SEQUENCE", "sequence"}, desc.IndexKind: {"an", "INDEX", "index"},
	desc.MatView: {"a", "MATERIALIZED VIEW", "materialized view"}, desc.Composite: {"a", "TYPE", "type"}, 'f': {"a", "FOREIGN TABLE", "foreign table"},
}

func (w *work) dropRelation(n *pg_query.DropStmt, x *pg_query.Node) (ref desc.ObjectRef, ok bool, err error) {
	rv, err := w.rangeVar(x.GetList().GetItems())
	if err != nil {
		return ref, false, err
	}
	want := kindOf(n.RemoveType)
	o, err := w.find(rv)
	if err != nil {
		return ref, false, err
	}
	if !o.found() {
		code := pgerr.UndefinedTable
		if want == desc.IndexKind {
			code = pgerr.UndefinedObject
		}
		return ref, false, w.absent(n.MissingOk, rv.Schemaname, code, kindNames[want].word, rv.Relname)
	}
	if o.kind() != want {
		return ref, false, wrongKind(o, want)
	}
	if !w.ownsSchemaOf(o.rel) {
		if err := w.checkOwner(o); err != nil {
			return ref, false, err
		}
	}
	if o.rel.Class == desc.System {
		return ref, false, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", o.name())
	}
	if want == desc.Table {
		if err := w.notPending(o, "DROP TABLE"); err != nil {
			return ref, false, err
		}
	}
	return o.ref(), true, nil
}

// notPending refuses to change a table whose rows wait for the checks of deferred constraints.
func (w *work) notPending(o object, command string) error {
	if w.Pending == nil || !w.Pending(o.rel.OID) {
		return nil
	}
	return pgerr.Newf(pgerr.ObjectInUse, "cannot %s \"%s\" because it has pending trigger events", command, o.rel.Name)
}

// wrongKind is the error of DROP for a relation of another kind.
func wrongKind(o object, want desc.RelKind) error {
	is, wanted := kindNames[o.kind()], kindNames[want]
	return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s %s", o.name(), wanted.article, wanted.word).
		WithHint("Use DROP %s to remove %s %s.", is.command, is.article, is.word)
}

func (w *work) ownsSchemaOf(rel *desc.Relation) bool {
	return catalog.IsOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: rel.Schema})
}

// absent is the error, or with missingOK the notice, for a named object that does not exist: of its schema when that is missing.
func (w *work) absent(missingOK bool, schema string, code pgerr.Code, word, name string) error {
	if schema != "" && w.schemaNamed(schema) == nil {
		code, word, name = pgerr.InvalidSchemaName, "schema", schema
	}
	if missingOK {
		w.noticef(pgerr.SuccessfulCompletion, "%s \"%s\" does not exist, skipping", word, name)
		return nil
	}
	return pgerr.Newf(code, "%s \"%s\" does not exist", word, name)
}

func (w *work) dropSchema(n *pg_query.DropStmt, name string) (ref desc.ObjectRef, ok bool, err error) {
	s := w.schemaNamed(name)
	if s == nil {
		return ref, false, w.absent(n.MissingOk, "", pgerr.InvalidSchemaName, "schema", name)
	}
	ref = desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}
	return ref, true, catalog.CheckOwner(w.Catalog, w.User, ref)
}

func (w *work) dropType(n *pg_query.DropStmt, name *pg_query.TypeName) (ref desc.ObjectRef, ok bool, err error) {
	t, err := w.findType(name)
	if err != nil {
		return ref, false, err
	}
	if t == nil {
		names := stringsOf(name.Names)
		schema := ""
		if len(names) > 1 {
			schema = names[len(names)-2]
		}
		return ref, false, w.absent(n.MissingOk, schema, pgerr.UndefinedObject, "type", strings.Join(names, "."))
	}
	if n.RemoveType == pg_query.ObjectType_OBJECT_DOMAIN && t.Kind != pgtype.KindDomain {
		return ref, false, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a domain", strings.Join(stringsOf(name.Names), "."))
	}
	ref = desc.ObjectRef{Class: desc.ClassType, OID: t.OID}
	return ref, true, catalog.CheckOwner(w.Catalog, w.User, ref)
}

// findType finds a type by name, nil when there is none.
func (w *work) findType(name *pg_query.TypeName) (*pgtype.Type, error) {
	t, _, err := w.typeName(name)
	if pgerr.Is(err, pgerr.UndefinedObject) || pgerr.Is(err, pgerr.InvalidSchemaName) {
		return nil, nil
	}
	return t, err
}

// dropMissing answers DROP of the kinds of objects that there are none of.
func (w *work) dropMissing(n *pg_query.DropStmt, x *pg_query.Node) error {
	name := x.GetString_().GetSval()
	word := strings.ToLower(objectWord(n.RemoveType))
	code := pgerr.UndefinedObject
	switch n.RemoveType {
	case pg_query.ObjectType_OBJECT_FUNCTION, pg_query.ObjectType_OBJECT_PROCEDURE, pg_query.ObjectType_OBJECT_AGGREGATE, pg_query.ObjectType_OBJECT_ROUTINE:
		return w.dropFunction(n, word, x.GetObjectWithArgs())
	case pg_query.ObjectType_OBJECT_TRIGGER, pg_query.ObjectType_OBJECT_RULE, pg_query.ObjectType_OBJECT_POLICY:
		return w.dropOfTable(n, word, stringsOf(x.GetList().GetItems()))
	case pg_query.ObjectType_OBJECT_EXTENSION:
		if name == "plpgsql" {
			return pgerr.Unsupported("DROP EXTENSION")
		}
	case pg_query.ObjectType_OBJECT_EVENT_TRIGGER, pg_query.ObjectType_OBJECT_PUBLICATION, pg_query.ObjectType_OBJECT_FDW, pg_query.ObjectType_OBJECT_FOREIGN_SERVER,
		pg_query.ObjectType_OBJECT_ACCESS_METHOD:
	case pg_query.ObjectType_OBJECT_COLLATION, pg_query.ObjectType_OBJECT_STATISTIC_EXT:
		name = strings.Join(stringsOf(x.GetList().GetItems()), ".")
		if n.RemoveType == pg_query.ObjectType_OBJECT_STATISTIC_EXT {
			word = "statistics object"
		}
	default:
		return pgerr.Unsupported("DROP " + objectWord(n.RemoveType))
	}
	if n.MissingOk {
		w.noticef(pgerr.SuccessfulCompletion, "%s \"%s\" does not exist, skipping", word, name)
		return nil
	}
	return pgerr.Newf(code, "%s \"%s\" does not exist", word, name)
}

// dropFunction answers DROP FUNCTION and the like: there are only built-in functions.
func (w *work) dropFunction(n *pg_query.DropStmt, word string, f *pg_query.ObjectWithArgs) error {
	var args []string
	for _, a := range f.GetObjargs() {
		t, _, err := w.typeName(a.GetTypeName())
		if err != nil {
			return err
		}
		if n.MissingOk { // as it was written
			args = append(args, strings.Join(stringsOf(a.GetTypeName().Names), "."))
			continue
		}
		args = append(args, t.String())
	}
	name := strings.Join(stringsOf(f.GetObjname()), ".")
	signature := name + "(" + strings.Join(args, ",") + ")"
	switch {
	case n.MissingOk && f.GetArgsUnspecified():
		w.noticef(pgerr.SuccessfulCompletion, "%s %s() does not exist, skipping", word, name)
		return nil
	case n.MissingOk:
		w.noticef(pgerr.SuccessfulCompletion, "%s %s does not exist, skipping", word, signature)
		return nil
	case f.GetArgsUnspecified():
		return pgerr.Newf(pgerr.UndefinedFunction, "could not find a %s named \"%s\"", word, name)
	}
	return pgerr.Newf(pgerr.UndefinedFunction, "%s %s does not exist", word, signature)
}

// dropOfTable answers DROP TRIGGER, RULE and POLICY: no table has any.
func (w *work) dropOfTable(n *pg_query.DropStmt, word string, names []string) error {
	rv := &pg_query.RangeVar{Relname: names[len(names)-2], Location: -1}
	if len(names) > 2 {
		rv.Schemaname = names[len(names)-3]
	}
	name := names[len(names)-1]
	o, err := w.find(rv)
	switch {
	case err != nil:
		return err
	case !o.found():
		return w.absent(n.MissingOk, rv.Schemaname, pgerr.UndefinedTable, "relation", rv.Relname)
	case n.MissingOk:
		w.noticef(pgerr.SuccessfulCompletion, "%s \"%s\" for relation \"%s\" does not exist, skipping", word, name, rangeText(rv))
		return nil
	}
	join := "for table"
	if word == "rule" {
		join = "for relation"
	}
	return pgerr.Newf(pgerr.UndefinedObject, "%s \"%s\" %s \"%s\" does not exist", word, name, join, o.name())
}
