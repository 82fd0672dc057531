package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// catalogNameFamily is names of objects: which are visible, what they are called, what is said about them.
func catalogNameFamily() []Def {
	defs := []Def{
		{Name: "pg_table_is_visible", Scalar: tableIsVisible},
		{Name: "pg_type_is_visible", Scalar: typeIsVisible},
		{Name: "format_type", Scalar: formatTypeOf},
		{Name: "pg_typeof", Scalar: typeOf},
		{Name: "pg_get_userbyid", Scalar: userByID},
		{Name: "pg_get_serial_sequence", Scalar: serialSequence},
		{OID: sqlFunction("obj_description", pgtype.OIDOid, pgtype.OIDName), Name: "obj_description", Scalar: objectDescription},
		{OID: sqlFunction("obj_description", pgtype.OIDOid), Name: "obj_description", Scalar: anyDescription},
		{OID: sqlFunction("col_description", pgtype.OIDOid, pgtype.OIDInt4), Name: "col_description", Scalar: columnDescription},
		{OID: sqlFunction("shobj_description", pgtype.OIDOid, pgtype.OIDName), Name: "shobj_description", Scalar: objectDescription},
		{Name: "pg_describe_object", Scalar: describeObject},
		{Name: "pg_get_function_arguments", Scalar: functionArguments(true)},
		{Name: "pg_get_function_identity_arguments", Scalar: functionArguments(false)},
		{Name: "pg_get_function_result", Scalar: functionResult},
		{Name: "pg_get_function_arg_default", Scalar: functionArgDefault},
		{Name: "pg_get_functiondef", Scalar: functionDef},
		{Name: "pg_get_function_sqlbody", Scalar: givesNull},
		{Name: "pg_collation_for", Scalar: collationFor},
		{Name: "pg_relation_is_updatable", Scalar: relationIsUpdatable},
		{Name: "pg_column_is_updatable", Scalar: columnIsUpdatable},
		{Name: "pg_relation_is_publishable", Scalar: relationIsPublishable},
		{Name: "pg_is_other_temp_schema", Scalar: isOtherTempSchema},
		{Name: "pg_my_temp_schema", Scalar: myTempSchema},
		{Name: "text_regclass", Scalar: textRegclass},
		{Name: "pg_filenode_relation", Scalar: givesNull},        // relations have no files of their own
		{Name: "pg_collation_actual_version", Scalar: givesNull}, // none depends on a library's version
	}
	for name, table := range map[string]string{
		"function": "pg_proc", "operator": "pg_operator", "opclass": "pg_opclass", "opfamily": "pg_opfamily", "collation": "pg_collation", "conversion": "pg_conversion",
		"ts_parser": "pg_ts_parser", "ts_dict": "pg_ts_dict", "ts_config": "pg_ts_config", "ts_template": "pg_ts_template",
	} {
		defs = append(defs, Def{Name: "pg_" + name + "_is_visible", Scalar: factIsVisible(table)})
	}
	defs = append(defs, Def{Name: "pg_statistics_obj_is_visible", Scalar: givesNull})
	for _, kind := range []string{"regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regnamespace", "regrole", "regcollation"} {
		defs = append(defs, Def{Name: "to_" + kind, Scalar: toReg(kind)})
	}
	return defs
}

// relationName is a relation's name as SQL in this session would have it: qualified unless search_path finds it.
func relationName(c *Call, rel *desc.Relation) string {
	if relationVisible(c, rel.Schema, rel.Name) {
		return pgtype.QuoteIdentifier(rel.Name)
	}
	return qualifiedName(c.Env.Catalog(), rel)
}

func qualifiedName(r catalog.Reader, rel *desc.Relation) string {
	return qualify(r, rel.Schema, rel.Name)
}

func qualify(r catalog.Reader, schema desc.OID, name string) string {
	if s := r.Schema(schema); s != nil {
		return pgtype.QuoteIdentifier(s.Name) + "." + pgtype.QuoteIdentifier(name)
	}
	return pgtype.QuoteIdentifier(name)
}

// relationVisible tells whether search_path finds this schema's relation or index first.
func relationVisible(c *Call, schema desc.OID, name string) bool {
	r := c.Env.Catalog()
	for _, s := range c.Env.SearchPath(true) {
		if s == schema {
			return true
		}
		if r.RelationByName(s, name) != nil {
			return false
		}
		if _, x := r.IndexByName(s, name); x != nil {
			return false
		}
	}
	return false
}

func tableIsVisible(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r := c.Env.Catalog()
	if rel := r.Relation(a[0].OID()); rel != nil {
		return pgtype.Bool(relationVisible(c, rel.Schema, rel.Name)), nil
	}
	if rel, x := r.Index(a[0].OID()); x != nil {
		return pgtype.Bool(relationVisible(c, rel.Schema, x.Name)), nil
	}
	return pgtype.Null, nil
}

func typeIsVisible(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r := c.Env.Catalog()
	t := r.Type(a[0].OID())
	if t == nil {
		return pgtype.Null, nil
	}
	for _, s := range c.Env.SearchPath(true) {
		if found := r.TypeByName(s, t.Name); found != nil {
			return pgtype.Bool(found.OID == t.OID), nil
		}
	}
	return pgtype.Bool(false), nil
}

// factIsVisible serves the kinds of objects that exist in pg_catalog and information_schema only.
func factIsVisible(table string) Scalar {
	homes := sync.OnceValue(func() map[pgtype.OID]desc.OID { return schemasOf(pgfacts.Load(table)) })
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		home, ok := homes()[a[0].OID()]
		if !ok {
			return pgtype.Null, nil
		}
		return pgtype.Bool(slices.Contains(c.Env.SearchPath(true), home)), nil
	}
}

// schemasOf gives the schema of every object of a built-in catalog.
func schemasOf(t *pgfacts.Table) map[pgtype.OID]desc.OID {
	oid, schema := t.Column("oid"), -1
	for _, name := range t.Columns {
		if strings.HasSuffix(name, "namespace") {
			schema = t.Column(name)
		}
	}
	out := make(map[pgtype.OID]desc.OID, len(t.Rows))
	for _, row := range t.Rows {
		out[parseOID(row[oid])] = parseOID(row[schema])
	}
	return out
}

func formatTypeOf(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	oid := a[0].OID()
	if oid == 0 {
		return pgtype.Text("-"), nil
	}
	t := pgtype.ByOID(oid)
	if t == nil && c.Env != nil {
		t = c.Env.Catalog().Type(oid)
	}
	if t == nil {
		return pgtype.Text("???"), nil
	}
	return pgtype.Text(typeText(c, t, a[1])), nil
}

// typeText is format_type; a type that search_path does not find is qualified.
func typeText(c *Call, t *pgtype.Type, typmod pgtype.Datum) string {
	base := t
	for base.IsArray() && base.Elem != nil && base.Proc.Storage != 'p' {
		base = base.Elem
	}
	if base.Schema != "pg_catalog" && c.Env != nil {
		r := c.Env.Catalog()
		name := pgtype.QuoteIdentifier(base.Name)
		if !typeVisible(c, r, base) {
			name = pgtype.QuoteIdentifier(base.Schema) + "." + name
		}
		if base != t {
			name += "[]"
		}
		return name
	}
	if typmod.IsNull() {
		return t.String()
	}
	return pgtype.FormatType(t, int32(typmod.Int()))
}

func typeVisible(c *Call, r catalog.Reader, t *pgtype.Type) bool {
	for _, s := range c.Env.SearchPath(true) {
		if found := r.TypeByName(s, t.Name); found != nil {
			return found.OID == t.OID
		}
	}
	return false
}

func typeOf(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.OIDValue(c.Types[0].OID), nil
}

func userByID(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if x := c.Env.Catalog().Role(a[0].OID()); x != nil {
		return pgtype.Text(x.Name), nil
	}
	for _, row := range pgfacts.Load("pg_authid").Rows {
		if parseOID(row[0]) == a[0].OID() {
			return pgtype.Text(row[1]), nil
		}
	}
	return pgtype.Text(fmt.Sprintf("unknown (OID=%d)", a[0].OID())), nil
}

// serialSequence finds the sequence that a column owns.
func serialSequence(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	oid, err := c.Text.Names.Lookup("regclass", a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	r := c.Env.Catalog()
	rel := r.Relation(oid)
	if rel == nil {
		return pgtype.Null, errNoRelation(oid)
	}
	num := columnNumber(rel, a[1].Text())
	if num == 0 {
		return pgtype.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].Text(), rel.Name)
	}
	for seq := range r.Relations() {
		if seq.Kind == desc.Sequence && seq.OwnedBy.Relation == oid && seq.OwnedBy.Num == num {
			return pgtype.Text(qualifiedName(r, seq)), nil
		}
	}
	return pgtype.Null, nil
}

// comment finds a comment: the user's, or PostgreSQL's on a built-in object.
func comment(c *Call, o desc.ObjectRef) pgtype.Datum {
	if s, ok := c.Env.Catalog().Comment(o); ok {
		return pgtype.Text(s)
	}
	if s, ok := builtinComments()[o]; ok {
		return pgtype.Text(s)
	}
	return pgtype.Null
}

func objectDescription(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	class := c.Env.Catalog().RelationByName(desc.PgCatalogOID, a[1].Text())
	if class == nil {
		return pgtype.Null, nil
	}
	return comment(c, desc.ObjectRef{Class: class.OID, OID: a[0].OID()}), nil
}

// anyDescription is the old form that does not say what kind of object the OID is of.
func anyDescription(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	for _, class := range []desc.OID{desc.ClassRelation, desc.ClassType, desc.ClassProc, desc.ClassSchema, desc.ClassConstraint, 2617} {
		if d := comment(c, desc.ObjectRef{Class: class, OID: a[0].OID()}); !d.IsNull() {
			return d, nil
		}
	}
	return pgtype.Null, nil
}

func columnDescription(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return comment(c, desc.ObjectRef{Class: desc.ClassRelation, OID: a[0].OID(), SubID: int32(a[1].Int())}), nil
}

// textRegclass is the cast of a name to the relation.
func textRegclass(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.ByOID(pgtype.OIDRegclass).Codec.ParseText(c.Text, a[0].Text(), -1)
}

// toReg gives NULL where the input function of the reg type would fail.
func toReg(kind string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		oid, err := c.Text.Names.Lookup(kind, a[0].Text())
		if err != nil {
			if _, syntax := pgerr.As(err); !syntax {
				return pgtype.Null, err
			}
			return pgtype.Null, nil
		}
		return pgtype.OIDValue(oid), nil
	}
}

func collationFor(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	t := c.Types[0]
	if t.Collation == 0 {
		if t == pgtype.UnknownType {
			return pgtype.Text(`"default"`), nil
		}
		return pgtype.Null, pgerr.Newf(pgerr.DatatypeMismatch, "collations are not supported by type %s", t)
	}
	if t.Collation == 950 {
		return pgtype.Text(`"C"`), nil
	}
	return pgtype.Text(`"default"`), nil
}

func collationName(r catalog.Reader, oid desc.OID) string {
	t := pgfacts.Load("pg_collation")
	for _, row := range t.Rows {
		if parseOID(row[0]) == oid {
			return pgtype.QuoteIdentifier(row[t.Column("collname")])
		}
	}
	_ = r
	return strconv.FormatUint(uint64(oid), 10)
}

// Bits of pg_relation_is_updatable: the commands that can change a relation.
const (
	canUpdate = 4
	canInsert = 8
	canDelete = 16
)

// ViewChanger is an Env that knows through which columns of a view its table can be changed; ok is false when it cannot.
type ViewChanger interface {
	UpdatableColumns(view pgtype.OID) (columns []int16, ok bool)
}

// changes is how a relation can be changed: every column of a table, the columns of a view that are its table's.
type changes struct {
	all, deletes bool
	columns      []int16
}

func changesOf(c *Call, oid pgtype.OID) changes {
	rel := c.Env.Catalog().Relation(oid)
	if rel == nil || rel.Class == desc.System {
		return changes{}
	}
	changer, ok := c.Env.(ViewChanger)
	if rel.Kind != desc.View || !ok {
		table := rel.Kind == desc.Table
		return changes{all: table, deletes: table}
	}
	known, _ := c.Cache.(map[pgtype.OID]changes) // the functions are called for each column of a view
	if x, ok := known[oid]; ok {
		return x
	}
	var x changes
	x.columns, x.deletes = changer.UpdatableColumns(oid)
	if known == nil {
		known = make(map[pgtype.OID]changes)
		c.Cache = known
	}
	known[oid] = x
	return x
}

func relationIsUpdatable(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch x := changesOf(c, a[0].OID()); {
	case x.all || len(x.columns) > 0:
		return pgtype.Int(canUpdate | canInsert | canDelete), nil
	case x.deletes:
		return pgtype.Int(canDelete), nil
	}
	return pgtype.Int(0), nil
}

func columnIsUpdatable(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := changesOf(c, a[0].OID())
	return pgtype.Bool(x.all && a[1].Int() > 0 || slices.Contains(x.columns, int16(a[1].Int()))), nil
}

func relationIsPublishable(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(a[0].OID())
	if rel == nil {
		return pgtype.Null, nil
	}
	return pgtype.Bool(rel.Kind == desc.Table && rel.Persistence == 'p' && rel.Class != desc.System), nil
}

// tempSchema tells whether a schema is one for temporary objects.
func tempSchema(s *desc.Schema) bool {
	return s != nil && (strings.HasPrefix(s.Name, "pg_temp_") || strings.HasPrefix(s.Name, "pg_toast_temp_"))
}

func myTempSchemaOID(c *Call) desc.OID {
	for _, oid := range c.Env.SearchPath(true) {
		if tempSchema(c.Env.Catalog().Schema(oid)) {
			return oid
		}
	}
	return 0
}

func myTempSchema(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.OIDValue(myTempSchemaOID(c)), nil
}

func isOtherTempSchema(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := c.Env.Catalog().Schema(a[0].OID())
	return pgtype.Bool(tempSchema(s) && s.OID != myTempSchemaOID(c)), nil
}
