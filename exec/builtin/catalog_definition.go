package builtin

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// definitionFamily prints the definitions of objects as SQL.
var definitionFamily = []Def{
	{Name: "pg_get_indexdef", Scalar: getIndexDef},
	{Name: "pg_get_indexdef_ext", Scalar: getIndexDefExt},
	{Name: "pg_get_constraintdef", Scalar: getConstraintDef(false)},
	{Name: "pg_get_constraintdef_ext", Scalar: getConstraintDef(true)},
	{Name: "pg_get_expr", Scalar: getExpr},
	{Name: "pg_get_expr_ext", Scalar: getExprExt},
	{Name: "pg_get_viewdef", Scalar: getViewDef(false)},
	{Name: "pg_get_viewdef_ext", Scalar: getViewDef(false)},
	{Name: "pg_get_viewdef_wrap", Scalar: getViewDef(true)},
	{Name: "pg_get_viewdef_name", Scalar: getViewDefByName},
	{Name: "pg_get_viewdef_name_ext", Scalar: getViewDefByName},
	{Name: "pg_get_ruledef", Scalar: getRuleDef},
	{Name: "pg_get_ruledef_ext", Scalar: getRuleDef},
	{Name: "pg_get_triggerdef", Scalar: getTriggerDef(false)},
	{Name: "pg_get_triggerdef_ext", Scalar: getTriggerDef(true)},
	{Name: "pg_get_partkeydef", Scalar: givesNull},
	{Name: "pg_get_partition_constraintdef", Scalar: givesNull},
	{Name: "pg_get_statisticsobjdef", Scalar: givesNull},
	{Name: "pg_get_statisticsobjdef_columns", Scalar: givesNull},
	{Name: "pg_get_statisticsobjdef_expressions", Scalar: givesNull},
	{Name: "pg_get_replica_identity_index", Scalar: getReplicaIdentity},
	{Name: "pg_partition_root", Scalar: givesNull},
}

// givesNull answers about objects of kinds that do not exist here, as PostgreSQL answers for an OID that is not one.
func givesNull(*Call, []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Null, nil }

func getExpr(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Text(withoutSchemas(c, a[0].Text())), nil
}

func getExprExt(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	text := withoutSchemas(c, a[0].Text())
	if a[2].Bool() {
		text = prettyExpr(text)
	}
	return pgtype.Text(text), nil
}

// regclassConstant finds the names of relations in stored expressions, which are there in full.
var regclassConstant = regexp.MustCompile(`'((?:[^']|'')+)'::regclass`)

// withoutSchemas leaves out the schemas of the relations in a stored expression where the search path finds them without.
func withoutSchemas(c *Call, text string) string {
	if c.Text == nil || c.Text.Names == nil || !strings.Contains(text, "'::regclass") {
		return text
	}
	return regclassConstant.ReplaceAllStringFunc(text, func(s string) string {
		name := strings.ReplaceAll(strings.TrimSuffix(s[1:], "'::regclass"), "''", "'")
		oid, err := c.Text.Names.Lookup("regclass", name)
		if err != nil {
			return s
		}
		short, ok := c.Text.Names.Name("regclass", oid)
		if !ok {
			return s
		}
		return "'" + strings.ReplaceAll(short, "'", "''") + "'::regclass"
	})
}

func getReplicaIdentity(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(a[0].OID())
	if rel == nil {
		return pgtype.Null, nil
	}
	switch rel.ReplicaIdentity {
	case 'n', 'f':
		return pgtype.Null, nil
	case 'i':
		if rel.Index(rel.ReplicaIndex) == nil {
			return pgtype.Null, nil
		}
		return pgtype.OIDValue(rel.ReplicaIndex), nil
	}
	for i := range rel.Indexes {
		if rel.Indexes[i].Clustered() {
			return pgtype.OIDValue(rel.Indexes[i].OID), nil
		}
	}
	return pgtype.Null, nil
}

func getIndexDef(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel, x := c.Env.Catalog().Index(a[0].OID())
	if x == nil {
		return pgtype.Null, nil
	}
	return pgtype.Text(indexDef(c, rel, x, false)), nil
}

// getIndexDefExt gives the whole definition for column 0, else the key column of that number.
func getIndexDefExt(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel, x := c.Env.Catalog().Index(a[0].OID())
	if x == nil {
		return pgtype.Null, nil
	}
	n, pretty := int(a[1].Int()), a[2].Bool()
	switch {
	case n == 0:
		return pgtype.Text(indexDef(c, rel, x, pretty)), nil
	case n < 0 || n > len(x.Keys)+len(x.Include):
		return pgtype.Text(""), nil
	case n > len(x.Keys):
		return pgtype.Text(pgtype.QuoteIdentifier(columnName(rel, x.Include[n-len(x.Keys)-1]))), nil
	}
	return pgtype.Text(indexKeyText(rel, &x.Keys[n-1], pretty)), nil
}

// indexDef prints CREATE INDEX. The table's name is qualified unless the pretty form is asked for and search_path finds it.
func indexDef(c *Call, rel *desc.Relation, x *desc.Index, pretty bool) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if x.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX " + pgtype.QuoteIdentifier(x.Name) + " ON ")
	if pretty {
		b.WriteString(relationName(c, rel))
	} else {
		b.WriteString(qualifiedName(c.Env.Catalog(), rel))
	}
	b.WriteString(" USING " + indexMethod(x) + " (")
	for i := range x.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		writeIndexKey(&b, c.Env.Catalog(), rel, x, &x.Keys[i], pretty)
	}
	b.WriteByte(')')
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + columnList(rel, x.Include) + ")")
	}
	if x.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	if len(x.Options) > 0 {
		b.WriteString(" WITH (" + optionList(x.Options) + ")")
	}
	if x.Predicate != "" {
		predicate := x.Predicate
		if pretty {
			predicate = prettyExpr(predicate)
		}
		b.WriteString(" WHERE " + predicate)
	}
	return b.String()
}

func indexMethod(x *desc.Index) string {
	if x.Method == "" {
		return "btree"
	}
	return x.Method
}

// optionList prints reloptions: name='value', the value quoted as PostgreSQL quotes it.
func optionList(options []string) string {
	out := make([]string, len(options))
	for i, o := range options {
		name, value, _ := strings.Cut(o, "=")
		if pgtype.QuoteIdentifier(value) != value {
			value = quoteLiteral(value)
		}
		out[i] = pgtype.QuoteIdentifier(name) + "=" + value
	}
	return strings.Join(out, ", ")
}

// indexKeyText prints a key alone: a column's name or an expression, in parentheses unless it is a function call.
func indexKeyText(rel *desc.Relation, k *desc.IndexKey, pretty bool) string {
	if k.Num != 0 {
		return pgtype.QuoteIdentifier(columnName(rel, k.Num))
	}
	expr := k.Expr
	if pretty {
		expr = prettyExpr(expr)
	}
	if isFunctionCall(expr) {
		return expr
	}
	return "(" + expr + ")"
}

func writeIndexKey(b *strings.Builder, r catalog.Reader, rel *desc.Relation, x *desc.Index, k *desc.IndexKey, pretty bool) {
	b.WriteString(indexKeyText(rel, k, pretty))
	typ := k.ExprType
	if k.Num > 0 {
		typ = rel.Columns[k.Num-1].Type
	}
	t := r.Type(typ)
	if k.Collation != 0 && k.Collation != keyDefaultCollation(rel, k, t) {
		b.WriteString(" COLLATE " + collationName(r, k.Collation))
	}
	method := pgtype.OID(403)
	if x.Method == "hash" {
		method = 405
	}
	if k.Opclass != 0 && k.Opclass != pgcatalog.DefaultOpclass(t, method) {
		if class := pgcatalog.OpclassByOID(k.Opclass); class != nil {
			b.WriteString(" " + pgtype.QuoteIdentifier(class.Name))
		}
	}
	switch {
	case k.Desc && k.NullsFirst:
		b.WriteString(" DESC")
	case k.Desc:
		b.WriteString(" DESC NULLS LAST")
	case k.NullsFirst:
		b.WriteString(" NULLS FIRST")
	}
}

func keyDefaultCollation(rel *desc.Relation, k *desc.IndexKey, t *pgtype.Type) pgtype.OID {
	if k.Num > 0 && rel.Columns[k.Num-1].Collation != 0 {
		return rel.Columns[k.Num-1].Collation
	}
	if t != nil {
		return t.Collation
	}
	return 0
}

// isFunctionCall tells whether an expression's text is one call: name(…) with nothing after it.
func isFunctionCall(expr string) bool {
	i := 0
	for i < len(expr) && (expr[i] == '_' || expr[i] == '.' || expr[i] == '"' || expr[i] >= 'a' && expr[i] <= 'z' || expr[i] >= 'A' && expr[i] <= 'Z' || expr[i] >= '0' && expr[i] <= '9') {
		i++
	}
	return i > 0 && i < len(expr) && expr[i] == '(' && matchingParen(expr, i) == len(expr)-1
}

func columnName(rel *desc.Relation, num int16) string {
	if num < 1 || int(num) > len(rel.Columns) {
		return "?column?"
	}
	return rel.Columns[num-1].Name
}

func columnList(rel *desc.Relation, nums []int16) string {
	names := make([]string, len(nums))
	for i, n := range nums {
		names[i] = pgtype.QuoteIdentifier(columnName(rel, n))
	}
	return strings.Join(names, ", ")
}

// getConstraintDef gives what follows CONSTRAINT name.
func getConstraintDef(ext bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		pretty := ext && a[1].Bool()
		r := c.Env.Catalog()
		if rel, k := r.Constraint(a[0].OID()); k != nil {
			return pgtype.Text(constraintDef(c, rel, k, pretty)), nil
		}
		for u := range r.UserTypes() {
			for i := range u.Constraints {
				if u.Constraints[i].OID == a[0].OID() {
					return pgtype.Text(constraintDef(c, nil, &u.Constraints[i], pretty)), nil
				}
			}
		}
		return builtinConstraintDef(a[0].OID(), pretty), nil
	}
}

// builtinConstraintDef gives the constraints of information_schema's domains, the only built-in ones with an expression;
// their stored form, a tree of nodes, is nothing that is read here.
func builtinConstraintDef(oid pgtype.OID, pretty bool) pgtype.Datum {
	facts := pgfacts.Load("pg_constraint")
	id, name := facts.Column("oid"), facts.Column("conname")
	number := strconv.FormatUint(uint64(oid), 10)
	for _, row := range facts.Rows {
		if row[id] != number {
			continue
		}
		switch {
		case row[name] == "cardinal_number_domain_check" && pretty:
			return pgtype.Text("CHECK (VALUE >= 0)")
		case row[name] == "cardinal_number_domain_check":
			return pgtype.Text("CHECK ((VALUE >= 0))")
		case row[name] == "yes_or_no_check" && pretty:
			return pgtype.Text("CHECK (VALUE::text = ANY (ARRAY['YES'::character varying, 'NO'::character varying]::text[]))")
		case row[name] == "yes_or_no_check":
			return pgtype.Text("CHECK (((VALUE)::text = ANY ((ARRAY['YES'::character varying, 'NO'::character varying])::text[])))")
		}
	}
	return pgtype.Null
}

func constraintDef(c *Call, rel *desc.Relation, k *desc.Constraint, pretty bool) string {
	var b strings.Builder
	switch k.Type {
	case 'c':
		expr := k.Expr
		if pretty {
			expr = prettyExpr(expr)
		}
		b.WriteString("CHECK (" + expr + ")")
		if k.NoInherit {
			b.WriteString(" NO INHERIT")
		}
	case 'p', 'u':
		writeKeyConstraint(&b, rel, k)
	case 'x':
		writeExclusion(&b, c, rel, k, pretty)
	case 'f':
		writeForeignKey(&b, c, rel, k)
	default:
		b.WriteString("invalid")
	}
	if k.Deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if k.Deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	if !k.Validated {
		b.WriteString(" NOT VALID")
	}
	return b.String()
}

func writeKeyConstraint(b *strings.Builder, rel *desc.Relation, k *desc.Constraint) {
	var x *desc.Index
	for i := range rel.Indexes {
		if rel.Indexes[i].OID == k.Index {
			x = &rel.Indexes[i]
		}
	}
	if k.Type == 'p' {
		b.WriteString("PRIMARY KEY (")
	} else {
		b.WriteString("UNIQUE ")
		if x != nil && x.NullsNotDistinct {
			b.WriteString("NULLS NOT DISTINCT ")
		}
		b.WriteByte('(')
	}
	b.WriteString(columnList(rel, k.Columns) + ")")
	if x == nil {
		return
	}
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + columnList(rel, x.Include) + ")")
	}
	if len(x.Options) > 0 {
		b.WriteString(" WITH (" + optionList(x.Options) + ")")
	}
}

// writeExclusion prints EXCLUDE.
func writeExclusion(b *strings.Builder, c *Call, rel *desc.Relation, k *desc.Constraint, pretty bool) {
	x := rel.Index(k.Index)
	if x == nil {
		return
	}
	b.WriteString("EXCLUDE USING " + indexMethod(x) + " (")
	for i := range x.Keys {
		if i > 0 {
			b.WriteString(", ")
		}
		writeIndexKey(b, c.Env.Catalog(), rel, x, &x.Keys[i], pretty)
		b.WriteString(" WITH =")
	}
	b.WriteByte(')')
	if len(x.Include) > 0 {
		b.WriteString(" INCLUDE (" + columnList(rel, x.Include) + ")")
	}
	if len(x.Options) > 0 {
		b.WriteString(" WITH (" + optionList(x.Options) + ")")
	}
	if x.Predicate != "" {
		predicate := x.Predicate
		if pretty {
			predicate = prettyExpr(predicate)
		}
		b.WriteString(" WHERE (" + predicate + ")")
	}
}

// foreignKeyActions are the words of confupdtype and confdeltype; NO ACTION is not printed.
var foreignKeyActions = map[byte]string{'r': "RESTRICT", 'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}

func writeForeignKey(b *strings.Builder, c *Call, rel *desc.Relation, k *desc.Constraint) {
	b.WriteString("FOREIGN KEY (" + columnList(rel, k.Columns) + ") REFERENCES ")
	ref := c.Env.Catalog().Relation(k.RefTable)
	if ref == nil {
		b.WriteString("???")
		return
	}
	b.WriteString(relationName(c, ref) + "(" + columnList(ref, k.RefColumns) + ")")
	switch k.Match {
	case 'f':
		b.WriteString(" MATCH FULL")
	case 'p':
		b.WriteString(" MATCH PARTIAL")
	}
	if word := foreignKeyActions[k.OnUpdate]; word != "" {
		b.WriteString(" ON UPDATE " + word)
	}
	if word := foreignKeyActions[k.OnDelete]; word != "" {
		b.WriteString(" ON DELETE " + word)
	}
	if len(k.OnDeleteColumns) > 0 {
		b.WriteString(" (" + columnList(rel, k.OnDeleteColumns) + ")")
	}
}

// getViewDef prints a view's query; with a wrap column or the pretty flag in the pretty form.
func getViewDef(wrap bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return viewDef(c, a[0].OID(), wrap || len(a) > 1 && a[1].Bool())
	}
}

func viewDef(c *Call, oid desc.OID, pretty bool) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(oid)
	if rel == nil || rel.Kind != desc.View && rel.Kind != desc.MatView {
		if rel == nil {
			return pgtype.Null, nil
		}
		return pgtype.Text("Not a view"), nil
	}
	s, err := c.Env.ViewDef(oid, pretty)
	return pgtype.Text(s), err
}

func getViewDefByName(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	oid, err := c.Text.Names.Lookup("regclass", a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return viewDef(c, oid, len(a) > 1 && a[1].Bool())
}

// getRuleDef prints the rule _RETURN of a view: the only rules are those, and have their view's OID.
func getRuleDef(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(a[0].OID())
	if rel == nil || rel.Kind != desc.View && rel.Kind != desc.MatView {
		return pgtype.Null, nil
	}
	s, err := c.Env.ViewDef(rel.OID, len(a) > 1 && a[1].Bool())
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Text("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO " + qualifiedName(c.Env.Catalog(), rel) + " DO INSTEAD " + s), nil
}

// errNoRelation is PostgreSQL's complaint about a relation OID in functions that cannot answer NULL.
func errNoRelation(oid desc.OID) error {
	return pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
}
