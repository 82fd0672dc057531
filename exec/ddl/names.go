package ddl

import (
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// object is what a name in pg_class stands for: a relation, or an index of one.
type object struct {
	rel   *desc.Relation // the table when index is set
	index *desc.Index
}

func (o object) found() bool { return o.rel != nil }

func (o object) kind() desc.RelKind {
	if o.index != nil {
		return desc.IndexKind
	}
	return o.rel.Kind
}

func (o object) name() string {
	if o.index != nil {
		return o.index.Name
	}
	return o.rel.Name
}

func (o object) ref() desc.ObjectRef {
	if o.index != nil {
		return desc.ObjectRef{Class: desc.ClassRelation, OID: o.index.OID}
	}
	return relationRef(o.rel.OID)
}

func relationRef(oid desc.OID) desc.ObjectRef {
	return desc.ObjectRef{Class: desc.ClassRelation, OID: oid}
}

// errorf makes an error at a location of the statement's tree.
func (w *work) errorf(loc int32, code pgerr.Code, format string, args ...any) *pgerr.Error {
	return pgerr.Newf(code, format, args...).At(w.stmt.Position(loc))
}

// at gives an error the position of a location unless it has one.
func (w *work) at(err error, loc int32) error {
	if e, ok := pgerr.As(err); ok && err != nil {
		e.At(w.stmt.Position(loc))
	}
	return err
}

// noticef sends a NOTICE.
func (w *work) noticef(code pgerr.Code, format string, args ...any) {
	w.Notice(pgerr.Notice("NOTICE", code, format, args...))
}

func (w *work) noticeAll(list []*pgerr.Error) {
	for _, n := range list {
		w.Notice(n)
	}
}

// rangeText is a relation's name as it was written.
func rangeText(n *pg_query.RangeVar) string {
	if n.Schemaname != "" {
		return n.Schemaname + "." + n.Relname
	}
	return n.Relname
}

// rangeVar makes the name of a relation from a list of strings.
func (w *work) rangeVar(list []*pg_query.Node) (*pg_query.RangeVar, error) {
	n := &pg_query.RangeVar{Location: -1}
	parts := stringsOf(list)
	switch len(parts) {
	case 1:
		n.Relname = parts[0]
	case 2:
		n.Schemaname, n.Relname = parts[0], parts[1]
	case 3:
		n.Catalogname, n.Schemaname, n.Relname = parts[0], parts[1], parts[2]
	default:
		return nil, pgerr.Newf(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
	}
	return n, nil
}

// stringsOf are the strings in a list of nodes.
func stringsOf(list []*pg_query.Node) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = n.GetString_().GetSval()
	}
	return out
}

// checkDatabase refuses the name of another database in front of a schema's.
func (w *work) checkDatabase(n *pg_query.RangeVar) error {
	if n.Catalogname != "" && n.Catalogname != w.Catalog.Database().Name {
		return w.errorf(n.Location, pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", n.Catalogname, n.Schemaname, n.Relname)
	}
	return nil
}

// schemaNamed finds a schema by name, pg_temp being the session's own; nil when there is none.
func (w *work) schemaNamed(name string) *desc.Schema {
	if name == "pg_temp" {
		return w.Catalog.Schema(w.Bind.TempSchema)
	}
	return w.Catalog.SchemaByName(name)
}

// find finds a relation or index by name; the result is empty when there is none.
func (w *work) find(n *pg_query.RangeVar) (object, error) {
	if err := w.checkDatabase(n); err != nil {
		return object{}, err
	}
	if n.Schemaname != "" {
		s := w.schemaNamed(n.Schemaname)
		if s == nil {
			return object{}, nil
		}
		if err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}, desc.Usage); err != nil {
			return object{}, err
		}
		return w.findIn(s.OID, n.Relname), nil
	}
	path := w.Bind.SearchPath
	if t := w.Bind.TempSchema; t != 0 {
		path = append([]desc.OID{t}, path...)
	}
	for _, s := range path {
		if o := w.findIn(s, n.Relname); o.found() {
			return o, nil
		}
	}
	return object{}, nil
}

func (w *work) findIn(schema desc.OID, name string) object {
	if r := w.Catalog.RelationByName(schema, name); r != nil {
		return object{rel: r}
	}
	if r, x := w.Catalog.IndexByName(schema, name); x != nil {
		return object{rel: r, index: x}
	}
	return object{}
}

// mustFind is find with 42P01 for what does not exist.
func (w *work) mustFind(n *pg_query.RangeVar) (object, error) {
	o, err := w.find(n)
	if err == nil && !o.found() {
		err = pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n))
	}
	return o, err
}

// lockTable finds a relation, checks that it is the user's, and locks it. The descriptor is the one under the lock.
func (w *work) lockTable(n *pg_query.RangeVar, mode kv.LockMode) (object, error) {
	o, err := w.mustFind(n)
	if err != nil {
		return o, err
	}
	return w.lockOwned(o, mode)
}

// lockOwned locks a relation that the user must own.
func (w *work) lockOwned(o object, mode kv.LockMode) (object, error) {
	if err := w.checkOwner(o); err != nil {
		return o, err
	}
	return w.lock(o, mode)
}

func (w *work) lock(o object, mode kv.LockMode) (object, error) {
	rel, err := w.Catalog.LockRelation(w.Ctx, o.rel.OID, mode, w.Wait)
	if err != nil {
		return o, err
	}
	out := object{rel: rel}
	if o.index != nil {
		if out.index = rel.Index(o.index.OID); out.index == nil {
			return o, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", o.index.Name)
		}
	}
	return out, nil
}

// checkOwner is PostgreSQL's check before it changes a relation: it must be the user's, and no system catalog.
func (w *work) checkOwner(o object) error {
	if err := catalog.CheckOwner(w.Catalog, w.User, o.ref()); err != nil {
		return err
	}
	if o.rel.Class == desc.System {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", o.name())
	}
	return nil
}

// freshRows takes a new snapshot of rows after locks were waited for, so that what others committed meanwhile is seen.
func (w *work) freshRows() error {
	if w.Access.RepeatableRead {
		return nil
	}
	return w.Catalog.KV().NewStatement(w.Ctx)
}

// creationSchema finds the schema that a new relation goes into. persistence is RangeVar's: 't' asks for the session's temporary schema.
func (w *work) creationSchema(n *pg_query.RangeVar) (schema desc.OID, persistence byte, err error) {
	if err := w.checkDatabase(n); err != nil {
		return 0, 0, err
	}
	persistence = 'p'
	if n.Relpersistence != "" {
		persistence = n.Relpersistence[0]
	}
	if persistence == 't' {
		if n.Schemaname != "" && n.Schemaname != "pg_temp" {
			return 0, 0, w.errorf(n.Location, pgerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema")
		}
		schema, err = w.tempSchema()
		return schema, 't', err
	}
	if schema, err = w.namespace(n.Schemaname, n.Location); err != nil {
		return 0, 0, err
	}
	if schema == w.Bind.TempSchema && schema != 0 {
		persistence = 't'
	}
	return schema, persistence, nil
}

func (w *work) tempSchema() (desc.OID, error) {
	db := w.Catalog.Database()
	if err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassDatabase, OID: db.OID}, desc.Temporary); err != nil {
		return 0, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create temporary tables in database \"%s\"", db.Name)
	}
	oid, err := w.TempSchema()
	if err == nil {
		w.Bind.TempSchema = oid
	}
	return oid, err
}

// namespace finds the schema for a new object: the named one, else the first of search_path. CREATE on it is checked.
func (w *work) namespace(name string, loc int32) (desc.OID, error) {
	var oid desc.OID
	switch {
	case name == "pg_temp":
		return w.tempSchema()
	case name != "":
		s := w.Catalog.SchemaByName(name)
		if s == nil {
			return 0, w.errorf(loc, pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		oid = s.OID
	default:
		path := w.RT.Env.SearchPath(false)
		if len(path) == 0 {
			return 0, w.errorf(loc, pgerr.InvalidSchemaName, "no schema has been selected to create in")
		}
		oid = path[0]
	}
	err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: oid}, desc.Create)
	return oid, w.at(err, loc)
}

// exists tells whether a new relation's name is taken: an error, or with ifNot a notice.
func (w *work) exists(schema desc.OID, n *pg_query.RangeVar, ifNot bool) (bool, error) {
	if !w.findIn(schema, n.Relname).found() {
		return false, nil
	}
	if !ifNot {
		return true, pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", n.Relname)
	}
	w.noticef(pgerr.DuplicateTable, "relation \"%s\" already exists, skipping", n.Relname)
	return true, nil
}

// maxName is the length of a name in bytes.
const maxName = 63

// objectName joins name1, name2 (may be empty) and label with underscores, cutting the longer of the names until it fits.
func objectName(name1, name2, label string) string {
	room := maxName
	if name2 != "" {
		room--
	}
	if label != "" {
		room -= len(label) + 1
	}
	n1, n2 := len(name1), len(name2)
	for n1+n2 > room {
		if n1 > n2 {
			n1--
		} else {
			n2--
		}
	}
	out := clip(name1, n1)
	if name2 != "" {
		out += "_" + clip(name2, n2)
	}
	if label != "" {
		out += "_" + label
	}
	return out
}

// clip cuts a text to n bytes, not inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// relationName chooses a free name for a relation in a schema; others are taken too.
func (w *work) relationName(name1, name2, label string, schema desc.OID, constraint bool, others ...string) string {
	for pass := 0; ; pass++ {
		name := objectName(name1, name2, numbered(label, pass))
		if slices.Contains(others, name) || w.findIn(schema, name).found() || constraint && w.constraintExists(schema, name) {
			continue
		}
		return name
	}
}

// constraintName chooses a free name for a constraint in a schema.
func (w *work) constraintName(name1, name2, label string, schema desc.OID, others []string) string {
	for pass := 0; ; pass++ {
		name := objectName(name1, name2, numbered(label, pass))
		if !slices.Contains(others, name) && !w.constraintExists(schema, name) {
			return name
		}
	}
}

func numbered(label string, pass int) string {
	if pass == 0 {
		return label
	}
	return label + strconv.Itoa(pass)
}

func (w *work) constraintExists(schema desc.OID, name string) bool {
	for r := range w.Catalog.RelationsIn(schema) {
		for i := range r.Constraints {
			if r.Constraints[i].Name == name {
				return true
			}
		}
	}
	for u := range w.Catalog.UserTypes() {
		if u.Schema == schema && slices.ContainsFunc(u.Constraints, func(c desc.Constraint) bool { return c.Name == name }) {
			return true
		}
	}
	return false
}

// schemaName is a schema's name for the fields of an error.
func (w *work) schemaName(oid desc.OID) string {
	if s := w.Catalog.Schema(oid); s != nil {
		return s.Name
	}
	return ""
}

// role finds the role that a RoleSpec names; 0 is PUBLIC where it may be named.
func (w *work) role(n *pg_query.RoleSpec, public bool) (desc.OID, error) {
	switch n.Roletype {
	case pg_query.RoleSpecType_ROLESPEC_CURRENT_ROLE, pg_query.RoleSpecType_ROLESPEC_CURRENT_USER:
		return w.User, nil
	case pg_query.RoleSpecType_ROLESPEC_SESSION_USER:
		return w.Session, nil
	case pg_query.RoleSpecType_ROLESPEC_PUBLIC:
		if public {
			return 0, nil
		}
		return 0, pgerr.New(pgerr.UndefinedObject, "role \"public\" does not exist")
	}
	r := w.Catalog.RoleByName(n.Rolename)
	if r == nil {
		return 0, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", n.Rolename)
	}
	return r.OID, nil
}

// objectWord names a type of object in command tags and messages.
func objectWord(t pg_query.ObjectType) string {
	name := strings.TrimPrefix(t.String(), "OBJECT_")
	switch t {
	case pg_query.ObjectType_OBJECT_MATVIEW:
		return "MATERIALIZED VIEW"
	case pg_query.ObjectType_OBJECT_TABCONSTRAINT, pg_query.ObjectType_OBJECT_COLUMN:
		return "TABLE"
	case pg_query.ObjectType_OBJECT_DOMCONSTRAINT:
		return "DOMAIN"
	case pg_query.ObjectType_OBJECT_ATTRIBUTE:
		return "TYPE"
	case pg_query.ObjectType_OBJECT_FDW:
		return "FOREIGN DATA WRAPPER"
	case pg_query.ObjectType_OBJECT_FOREIGN_SERVER:
		return "SERVER"
	case pg_query.ObjectType_OBJECT_STATISTIC_EXT:
		return "STATISTICS"
	case pg_query.ObjectType_OBJECT_TSPARSER, pg_query.ObjectType_OBJECT_TSDICTIONARY, pg_query.ObjectType_OBJECT_TSTEMPLATE, pg_query.ObjectType_OBJECT_TSCONFIGURATION:
		return "TEXT SEARCH " + strings.TrimPrefix(name, "TS")
	case pg_query.ObjectType_OBJECT_OPCLASS:
		return "OPERATOR CLASS"
	case pg_query.ObjectType_OBJECT_OPFAMILY:
		return "OPERATOR FAMILY"
	}
	return strings.ReplaceAll(name, "_", " ")
}
