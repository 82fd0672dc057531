package exec

import (
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// names resolves names for the reg* types under the session's search path, both ways.
type names struct{ s *Session }

var _ pgtype.Names = (*names)(nil)

// Type finds a type that is not built in.
func (n *names) Type(oid pgtype.OID) *pgtype.Type { return n.s.reader().Type(oid) }

// Name prints an object's name.
func (n *names) Name(kind string, oid pgtype.OID) (string, bool) {
	r := n.s.reader()
	switch kind {
	case "regclass":
		if rel := r.Relation(oid); rel != nil {
			return n.qualified(rel.Schema, rel.Name, func(schema desc.OID) bool {
				return r.RelationByName(schema, rel.Name) == nil && !indexNamed(r, schema, rel.Name)
			}), true
		}
		if rel, x := r.Index(oid); rel != nil {
			return n.qualified(rel.Schema, x.Name, func(schema desc.OID) bool {
				return r.RelationByName(schema, x.Name) == nil && !indexNamed(r, schema, x.Name)
			}), true
		}
	case "regtype":
		if t := r.Type(oid); t != nil {
			return n.typeName(t), true
		}
	case "regnamespace":
		if x := r.Schema(oid); x != nil {
			return pgtype.QuoteIdentifier(x.Name), true
		}
	case "regrole":
		if x := r.Role(oid); x != nil {
			return pgtype.QuoteIdentifier(x.Name), true
		}
	case "regproc", "regprocedure":
		if p := n.s.engine.library.ProcByOID(oid); p != nil {
			return n.procName(p, kind == "regprocedure"), true
		}
	case "regoper", "regoperator":
		if o := pgfacts.OperatorByOID(oid); o != nil {
			return n.operatorName(o, kind == "regoperator"), true
		}
	case "regcollation", "regconfig", "regdictionary":
		if name, ok := factName(factTables[kind], oid); ok {
			return pgtype.QuoteIdentifier(name), true
		}
	}
	return "", false
}

// qualified prints a name, with its schema unless the search path leads to it; hidden tells whether a schema earlier in the path has no object of that name.
func (n *names) qualified(schema desc.OID, name string, free func(desc.OID) bool) string {
	for _, p := range n.s.searchPath(true) {
		if p == schema {
			return pgtype.QuoteIdentifier(name)
		}
		if !free(p) {
			break
		}
	}
	if x := n.s.reader().Schema(schema); x != nil {
		return pgtype.QuoteIdentifier(x.Name) + "." + pgtype.QuoteIdentifier(name)
	}
	return pgtype.QuoteIdentifier(name)
}

func indexNamed(r catalog.Reader, schema desc.OID, name string) bool {
	rel, _ := r.IndexByName(schema, name)
	return rel != nil
}

// typeName prints a type as format_type does, qualified when the search path does not lead to it.
func (n *names) typeName(t *pgtype.Type) string {
	elem, suffix := t, ""
	if t.IsArray() {
		elem, suffix = t.Elem, "[]"
	}
	if elem.Schema == "" || elem.Schema == "pg_catalog" {
		return t.String()
	}
	schema := n.s.reader().SchemaByName(elem.Schema)
	if schema == nil {
		return t.String()
	}
	r := n.s.reader()
	return n.qualified(schema.OID, elem.Name, func(s desc.OID) bool { return r.TypeByName(s, elem.Name) == nil }) + suffix
}

func (n *names) procName(p *pgfacts.Proc, arguments bool) string {
	name := pgtype.QuoteIdentifier(p.Name)
	if arguments {
		return name + "(" + n.typeList(p.Args) + ")"
	}
	if len(n.s.engine.library.Procs(p.Name)) > 1 {
		return "pg_catalog." + name
	}
	return name
}

func (n *names) operatorName(o *pgfacts.Operator, arguments bool) string {
	if !arguments {
		if len(pgfacts.OperatorsByName(o.Name)) > 1 {
			return "pg_catalog." + o.Name
		}
		return o.Name
	}
	left := "NONE"
	if o.Left != 0 {
		left = n.typeList([]pgtype.OID{o.Left})
	}
	return o.Name + "(" + left + "," + n.typeList([]pgtype.OID{o.Right}) + ")"
}

func (n *names) typeList(oids []pgtype.OID) string {
	out := make([]string, len(oids))
	for i, oid := range oids {
		if t := n.s.reader().Type(oid); t != nil {
			out[i] = n.typeName(t)
		}
	}
	return strings.Join(out, ",")
}

// factTables are the catalogs of the reg types whose objects are all built in.
var factTables = map[string]string{"regcollation": "pg_collation", "regconfig": "pg_ts_config", "regdictionary": "pg_ts_dict"}

// factName finds a built-in object's name by OID in a catalog whose second column is the name.
func factName(table string, oid pgtype.OID) (string, bool) {
	t := pgfacts.Load(table)
	want := itoa(int64(oid))
	for _, row := range t.Rows {
		if row[0] == want {
			return row[1], true
		}
	}
	return "", false
}

// Lookup finds the object that text names.
func (n *names) Lookup(kind, text string) (pgtype.OID, error) {
	text = strings.TrimSpace(text)
	switch kind {
	case "regtype":
		return n.lookupType(text)
	case "regprocedure", "regoperator":
		return n.lookupSignature(kind, text)
	}
	parts, err := splitQualified(text)
	if err != nil {
		return 0, err
	}
	r := n.s.reader()
	switch kind {
	case "regclass":
		switch {
		case len(parts) == 3 && parts[0] == n.s.reader().Database().Name:
			parts = parts[1:]
		case len(parts) == 3:
			return 0, pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: %q", strings.Join(parts, "."))
		case len(parts) > 3:
			return 0, pgerr.Newf(pgerr.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(parts, "."))
		}
		return n.lookupRelation(parts)
	case "regnamespace":
		if s := r.SchemaByName(parts[0]); s != nil && len(parts) == 1 {
			return s.OID, nil
		}
		return 0, pgerr.Newf(pgerr.InvalidSchemaName, "schema %q does not exist", text)
	case "regrole":
		if x := r.RoleByName(parts[0]); x != nil && len(parts) == 1 {
			return x.OID, nil
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, "role %q does not exist", parts[0])
	case "regproc":
		procs := n.s.engine.library.Procs(parts[len(parts)-1])
		switch {
		case len(procs) == 0:
			return 0, pgerr.Newf(pgerr.UndefinedFunction, "function %q does not exist", text)
		case len(procs) > 1:
			return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one function named %q", text)
		}
		return procs[0].OID, nil
	case "regoper":
		ops := pgfacts.OperatorsByName(parts[len(parts)-1])
		switch {
		case len(ops) == 0:
			return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
		case len(ops) > 1:
			return 0, pgerr.Newf(pgerr.AmbiguousFunction, "more than one operator named %s", text)
		}
		return ops[0].OID, nil
	}
	return lookupFact(kind, parts[len(parts)-1])
}

func lookupFact(kind, name string) (pgtype.OID, error) {
	what := map[string]string{"regcollation": "collation %q for encoding \"UTF8\"", "regconfig": "text search configuration %q", "regdictionary": "text search dictionary %q"}[kind]
	if table := factTables[kind]; table != "" {
		for _, row := range pgfacts.Load(table).Rows {
			if row[1] == name {
				d, err := pgtype.ByOID(pgtype.OIDOid).Codec.ParseText(nil, row[0], -1)
				return d.OID(), err
			}
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedObject, what+" does not exist", name)
}

// lookupRelation finds a relation or an index; a third part in front must name this database.
func (n *names) lookupRelation(parts []string) (pgtype.OID, error) {
	r := n.s.reader()
	missing := func() error {
		return pgerr.Newf(pgerr.UndefinedTable, "relation %q does not exist", strings.Join(parts, "."))
	}
	path := n.s.searchPath(true)
	name := parts[len(parts)-1]
	if len(parts) == 3 {
		if db := r.Database(); db == nil || db.Name != parts[0] {
			return 0, pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: %q", strings.Join(parts, "."))
		}
		parts = parts[1:]
	}
	if len(parts) == 2 {
		s := r.SchemaByName(parts[0])
		if parts[0] == "pg_temp" {
			s = r.Schema(n.s.bindEnv().TempSchema)
		}
		if s == nil {
			return 0, missing() // PostgreSQL says that the relation is missing, not its schema
		}
		path = []desc.OID{s.OID}
	}
	for _, schema := range path {
		if rel := r.RelationByName(schema, name); rel != nil {
			return rel.OID, nil
		}
		if _, x := r.IndexByName(schema, name); x != nil {
			return x.OID, nil
		}
	}
	return 0, missing()
}

func (n *names) lookupType(text string) (pgtype.OID, error) {
	node, err := parse.TypeName(text)
	if err != nil {
		return 0, err
	}
	t, _, err := bind.TypeName(n.s.bindEnv(), node)
	if err != nil {
		return 0, err
	}
	return t.OID, nil
}

// lookupSignature finds a function or operator by name and argument types: "name(type, type)".
func (n *names) lookupSignature(kind, text string) (pgtype.OID, error) {
	open := strings.IndexByte(text, '(')
	if open < 0 || !strings.HasSuffix(text, ")") {
		what := "function"
		if kind == "regoperator" {
			what = "operator"
		}
		_ = what
		return 0, pgerr.New(pgerr.InvalidTextRepresentation, "expected a left parenthesis")
	}
	parts, err := splitQualified(text[:open])
	if err != nil {
		return 0, err
	}
	var args []pgtype.OID
	if list := strings.TrimSpace(text[open+1 : len(text)-1]); list != "" {
		for _, a := range strings.Split(list, ",") {
			if strings.EqualFold(strings.TrimSpace(a), "none") {
				args = append(args, 0)
				continue
			}
			oid, err := n.lookupType(strings.TrimSpace(a))
			if err != nil {
				return 0, err
			}
			args = append(args, oid)
		}
	}
	name := parts[len(parts)-1]
	if kind == "regoperator" {
		for _, o := range pgfacts.OperatorsByName(name) {
			if len(args) == 2 && o.Left == args[0] && o.Right == args[1] {
				return o.OID, nil
			}
		}
		return 0, pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", text)
	}
	for _, p := range n.s.engine.library.Procs(name) {
		if equalOIDs(p.Args, args) {
			return p.OID, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedFunction, "function %q does not exist", text)
}

func equalOIDs(a, b []pgtype.OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// splitQualified splits a name at its dots; unquoted parts fold to lower case.
func splitQualified(text string) ([]string, error) {
	bad := pgerr.New(pgerr.InvalidName, "invalid name syntax")
	var parts []string
	for i := 0; ; {
		for i < len(text) && text[i] == ' ' {
			i++
		}
		if i >= len(text) {
			return nil, bad
		}
		var part strings.Builder
		if text[i] == '"' {
			for i++; ; i++ {
				if i >= len(text) {
					return nil, bad
				}
				if text[i] == '"' {
					if i+1 < len(text) && text[i+1] == '"' {
						i++
					} else {
						i++
						break
					}
				}
				part.WriteByte(text[i])
			}
		} else {
			start := i
			for i < len(text) && text[i] != '.' && text[i] != ' ' && text[i] != '"' {
				i++
			}
			part.WriteString(strings.ToLower(text[start:i]))
		}
		if part.Len() == 0 {
			return nil, bad
		}
		parts = append(parts, part.String())
		for i < len(text) && text[i] == ' ' {
			i++
		}
		if i == len(text) {
			return parts, nil
		}
		if text[i] != '.' {
			return nil, bad
		}
		i++
	}
}
