package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Predefined roles that stand for privileges on every table.
const (
	roleReadAllData  desc.OID = 6181
	roleWriteAllData desc.OID = 6182
)

// privilegeKind is a family of has_…_privilege functions: what its objects are and which privileges they have.
type privilegeKind struct {
	name   string // in the functions' names
	words  map[string]desc.Privilege
	find   func(c *Call, name string) (desc.OID, error)
	object func(c *Call, oid desc.OID) (owned, bool)
	all    desc.Privilege // what ownership gives
}

// owned is an object's owner, privileges, and the letter of its kind for the default privileges.
type owned struct {
	owner desc.OID
	acl   desc.ACL
	kind  byte
}

var (
	tableWords = map[string]desc.Privilege{
		"SELECT": desc.Select, "INSERT": desc.Insert, "UPDATE": desc.Update, "DELETE": desc.Delete, "TRUNCATE": desc.Truncate, "REFERENCES": desc.References,
		"TRIGGER": desc.Trigger, "RULE": 0,
	}
	columnWords   = map[string]desc.Privilege{"SELECT": desc.Select, "INSERT": desc.Insert, "UPDATE": desc.Update, "REFERENCES": desc.References}
	sequenceWords = map[string]desc.Privilege{"USAGE": desc.Usage, "SELECT": desc.Select, "UPDATE": desc.Update}
	databaseWords = map[string]desc.Privilege{"CREATE": desc.Create, "TEMPORARY": desc.Temporary, "TEMP": desc.Temporary, "CONNECT": desc.Connect}
	schemaWords   = map[string]desc.Privilege{"CREATE": desc.Create, "USAGE": desc.Usage}
	usageWords    = map[string]desc.Privilege{"USAGE": desc.Usage}
	executeWords  = map[string]desc.Privilege{"EXECUTE": desc.Execute}
	createWords   = map[string]desc.Privilege{"CREATE": desc.Create}
	settingWords  = map[string]desc.Privilege{"SET": desc.SetParam, "ALTER SYSTEM": desc.AlterSystem}
)

var privilegeKinds = []privilegeKind{
	{"table", tableWords, byRegName("regclass"), relationOwned, 0},
	{"sequence", sequenceWords, findSequence, sequenceOwned, 0},
	{"database", databaseWords, findDatabase, databaseOwned, 0},
	{"schema", schemaWords, byRegName("regnamespace"), schemaOwned, 0},
	{"function", executeWords, byRegName("regprocedure"), functionOwned, 0},
	{"type", usageWords, byRegName("regtype"), typeOwned, 0},
	{"language", usageWords, findFact("pg_language", "lanname", "language \"%s\" does not exist"), factOwned("pg_language", "lanowner", 'l'), 0},
	{"tablespace", createWords, findFact("pg_tablespace", "spcname", "tablespace \"%s\" does not exist"), factOwned("pg_tablespace", "spcowner", 't'), 0},
	{"foreign_data_wrapper", usageWords, findNone("foreign-data wrapper \"%s\" does not exist"), noneOwned, 0},
	{"server", usageWords, findNone("server \"%s\" does not exist"), noneOwned, 0},
}

// privilegeFamily makes every overload: with the role by name, by OID or being the current one, and the object by name or by OID.
func privilegeFamily() []Def {
	var defs []Def
	for i := range privilegeKinds {
		k := &privilegeKinds[i]
		prefix := "has_" + k.name + "_privilege_"
		for _, f := range []string{"name_name", "name_id", "id_name", "id_id", "name", "id"} {
			defs = append(defs, Def{Name: prefix + f, Scalar: k.function(strings.Split(f, "_"))})
		}
	}
	for _, f := range []string{"name_name", "name_id", "id_name", "id_id", "name", "id"} {
		defs = append(defs,
			Def{Name: "has_any_column_privilege_" + f, Scalar: anyColumnFunction(strings.Split(f, "_"))},
			Def{Name: "pg_has_role_" + f, Scalar: hasRoleFunction(strings.Split(f, "_"))})
	}
	for _, f := range []string{
		"name_name_name", "name_name_attnum", "name_id_name", "name_id_attnum", "id_name_name", "id_name_attnum", "id_id_name", "id_id_attnum",
		"name_name", "name_attnum", "id_name", "id_attnum",
	} {
		defs = append(defs, Def{Name: "has_column_privilege_" + f, Scalar: columnFunction(strings.Split(f, "_"))})
	}
	for _, f := range []string{"name_name", "id_name", "name"} {
		defs = append(defs, Def{Name: "has_parameter_privilege_" + f, Scalar: parameterFunction(strings.Split(f, "_"))})
	}
	return append(defs,
		Def{Name: "acldefault_sql", Scalar: aclDefault},
		Def{Name: "makeaclitem", Scalar: makeACLItem},
		Def{Name: "aclexplode", Set: aclExplode},
		Def{Name: "aclcontains", Scalar: aclContains},
		Def{Name: "aclitem_eq", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(a[0].Text() == a[1].Text()), nil
		}},
		Def{Name: "row_security_active", Scalar: func(*Call, []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(false), nil }},
		Def{Name: "row_security_active_name", Scalar: rowSecurityActiveName},
	)
}

func rowSecurityActiveName(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	_, err := byRegName("regclass")(c, a[0].Text())
	return pgtype.Bool(false), err
}

// function makes the code of one overload: forms says how role (when there are two) and object are given.
func (k *privilegeKind) function(forms []string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		role, rest, err := roleArgument(c, forms, a)
		if err != nil {
			return pgtype.Null, err
		}
		oid := rest[0].OID()
		if forms[len(forms)-1] == "name" {
			if oid, err = k.find(c, rest[0].Text()); err != nil {
				return pgtype.Null, err
			}
		}
		wanted, err := parsePrivileges(rest[1].Text(), k.words)
		if err != nil {
			return pgtype.Null, err
		}
		o, ok := k.object(c, oid)
		if !ok {
			return pgtype.Null, nil
		}
		return pgtype.Bool(holdsAny(c, role, o, wanted)), nil
	}
}

// roleArgument takes the role from the first argument when the form has one, else the current user. Role 0 is PUBLIC.
func roleArgument(c *Call, forms []string, a []pgtype.Datum) (role desc.OID, rest []pgtype.Datum, err error) {
	if len(a) == len(forms)+1 && len(forms) == 1 {
		return c.Env.CurrentUser(), a, nil
	}
	if forms[0] == "id" {
		return a[0].OID(), a[1:], nil
	}
	name := a[0].Text()
	if name == "public" {
		return 0, a[1:], nil
	}
	x := c.Env.Catalog().RoleByName(name)
	if x == nil {
		return 0, nil, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	return x.OID, a[1:], nil
}

// wantedPrivilege is one item of a privilege list.
type wantedPrivilege struct {
	privilege desc.Privilege
	grant     bool
}

const withGrantOption = " WITH GRANT OPTION"

// parsePrivileges reads "SELECT, UPDATE WITH GRANT OPTION": any one of them is enough.
func parsePrivileges(s string, words map[string]desc.Privilege) ([]wantedPrivilege, error) {
	var out []wantedPrivilege
	for _, item := range strings.Split(s, ",") {
		item = strings.Trim(item, " \t\n\r\f\v")
		word, grant := strings.CutSuffix(strings.ToUpper(item), withGrantOption)
		p, ok := words[word]
		if !ok {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", item)
		}
		out = append(out, wantedPrivilege{p, grant})
	}
	return out, nil
}

func (o owned) list() desc.ACL {
	if o.acl != nil {
		return o.acl
	}
	return desc.DefaultPrivileges(o.kind, o.owner)
}

// holds tells whether a role has a privilege on an object.
func (o owned) holds(r catalog.Reader, role desc.OID, w wantedPrivilege) bool {
	if catalog.IsSuperuser(r, role) {
		return true
	}
	inherits := func(role, group desc.OID) bool { return catalog.HasRole(r, role, group) }
	if o.kind == 'r' && !w.grant && role != 0 {
		if w.privilege == desc.Select && inherits(role, roleReadAllData) {
			return true
		}
		if w.privilege&(desc.Insert|desc.Update|desc.Delete) != 0 && inherits(role, roleWriteAllData) {
			return true
		}
	}
	if w.grant {
		return o.list().GrantOptions(role, o.owner, w.privilege, inherits) == w.privilege
	}
	return o.list().Privileges(role, w.privilege, inherits) == w.privilege
}

func holdsAny(c *Call, role desc.OID, o owned, wanted []wantedPrivilege) bool {
	r := c.Env.Catalog()
	for _, w := range wanted {
		if w.privilege != 0 && o.holds(r, role, w) {
			return true
		}
	}
	return false
}

// byRegName resolves names as the input function of a reg type does.
func byRegName(kind string) func(c *Call, name string) (desc.OID, error) {
	return func(c *Call, name string) (desc.OID, error) { return c.Text.Names.Lookup(kind, name) }
}

func relationOwned(c *Call, oid desc.OID) (owned, bool) {
	r := c.Env.Catalog()
	rel := r.Relation(oid)
	if rel == nil {
		if rel, _ = r.Index(oid); rel == nil {
			return owned{}, false
		}
	}
	kind := byte('r')
	if rel.Kind == desc.Sequence {
		kind = 's'
	}
	return owned{rel.Owner, rel.ACL, kind}, true
}

func findSequence(c *Call, name string) (desc.OID, error) {
	oid, err := c.Text.Names.Lookup("regclass", name)
	if err != nil {
		return 0, err
	}
	if rel := c.Env.Catalog().Relation(oid); rel == nil || rel.Kind != desc.Sequence {
		return 0, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", name)
	}
	return oid, nil
}

func sequenceOwned(c *Call, oid desc.OID) (owned, bool) {
	rel := c.Env.Catalog().Relation(oid)
	if rel == nil || rel.Kind != desc.Sequence {
		return owned{}, false
	}
	return owned{rel.Owner, rel.ACL, 's'}, true
}

func findDatabase(c *Call, name string) (desc.OID, error) {
	d := c.Env.Catalog().DatabaseByName(name)
	if d == nil {
		return 0, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", name)
	}
	return d.OID, nil
}

func databaseOwned(c *Call, oid desc.OID) (owned, bool) {
	d := c.Env.Catalog().DatabaseByOID(oid)
	if d == nil {
		return owned{}, false
	}
	return owned{d.Owner, d.ACL, 'd'}, true
}

func schemaOwned(c *Call, oid desc.OID) (owned, bool) {
	s := c.Env.Catalog().Schema(oid)
	if s == nil {
		return owned{}, false
	}
	acl := s.ACL
	if acl == nil {
		acl = initialSchemaACL(s)
	}
	return owned{s.Owner, acl, 'n'}, true
}

// initialSchemaACL is what initdb grants on a schema that is as it made it.
func initialSchemaACL(s *desc.Schema) desc.ACL {
	switch s.OID {
	case desc.PgCatalogOID, desc.InformationSchemaOID, desc.PublicOID, desc.SystemSchemaOID, desc.KalamSchemaOID:
		return append(desc.DefaultPrivileges('n', s.Owner), desc.ACLItem{Grantor: s.Owner, Privileges: desc.Usage})
	}
	return nil
}

func functionOwned(_ *Call, oid desc.OID) (owned, bool) {
	if pgfacts.ProcByOID(oid) == nil {
		return owned{}, false
	}
	return owned{desc.SuperuserOID, nil, 'f'}, true
}

func typeOwned(c *Call, oid desc.OID) (owned, bool) {
	r := c.Env.Catalog()
	t := r.Type(oid)
	if t == nil {
		return owned{}, false
	}
	if t.IsArray() && t.Elem != nil {
		t = t.Elem
	}
	if u := r.UserType(t.OID); u != nil {
		return owned{u.Owner, u.ACL, 'T'}, true
	}
	if rel := r.Relation(t.Proc.Relation); rel != nil {
		return owned{rel.Owner, nil, 'T'}, true
	}
	return owned{desc.SuperuserOID, nil, 'T'}, true
}

// findFact finds an object that only initdb makes by name.
func findFact(table, column, message string) func(*Call, string) (desc.OID, error) {
	return func(_ *Call, name string) (desc.OID, error) {
		t := pgfacts.Load(table)
		for _, row := range t.Rows {
			if row[t.Column(column)] == name {
				return parseOID(row[t.Column("oid")]), nil
			}
		}
		return 0, pgerr.Newf(pgerr.UndefinedObject, message, name)
	}
}

func factOwned(table, owner string, kind byte) func(*Call, desc.OID) (owned, bool) {
	return func(_ *Call, oid desc.OID) (owned, bool) {
		t := pgfacts.Load(table)
		for _, row := range t.Rows {
			if parseOID(row[t.Column("oid")]) == oid {
				return owned{parseOID(row[t.Column(owner)]), nil, kind}, true
			}
		}
		return owned{}, false
	}
}

func findNone(message string) func(*Call, string) (desc.OID, error) {
	return func(_ *Call, name string) (desc.OID, error) {
		return 0, pgerr.Newf(pgerr.UndefinedObject, message, name)
	}
}

func noneOwned(*Call, desc.OID) (owned, bool) { return owned{}, false }

// columnFunction is has_column_privilege: the table's privilege or the column's own.
func columnFunction(forms []string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		role, rest := c.Env.CurrentUser(), a
		if len(forms) == 3 {
			var err error
			if role, rest, err = roleArgument(c, forms, a); err != nil {
				return pgtype.Null, err
			}
		}
		table, column := forms[len(forms)-2], forms[len(forms)-1]
		oid := rest[0].OID()
		if table == "name" {
			var err error
			if oid, err = c.Text.Names.Lookup("regclass", rest[0].Text()); err != nil {
				return pgtype.Null, err
			}
		}
		rel := c.Env.Catalog().Relation(oid)
		num := int16(rest[1].Int())
		if column == "name" && rel != nil {
			if num = columnNumber(rel, rest[1].Text()); num == 0 {
				return pgtype.Null, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", rest[1].Text(), rel.Name)
			}
		}
		wanted, err := parsePrivileges(rest[2].Text(), columnWords)
		if err != nil || rel == nil {
			return pgtype.Null, err
		}
		if num > int16(len(rel.Columns)) || num > 0 && rel.Columns[num-1].Dropped {
			return pgtype.Null, nil
		}
		o, _ := relationOwned(c, oid)
		held := holdsAny(c, role, o, wanted) || num > 0 && holdsAny(c, role, owned{rel.Owner, columnACL(rel, num), 'c'}, wanted)
		return pgtype.Bool(held), nil
	}
}

func columnACL(rel *desc.Relation, num int16) desc.ACL {
	if list := rel.Columns[num-1].ACL; list != nil {
		return list
	}
	return desc.ACL{}
}

// columnNumber finds a column by name, system columns too; 0 when there is none.
func columnNumber(rel *desc.Relation, name string) int16 {
	for i := range rel.Columns {
		if c := &rel.Columns[i]; c.Name == name && !c.Dropped {
			return c.Num
		}
	}
	for i, s := range []string{"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"} {
		if s == name && (rel.Kind == desc.Table || rel.Kind == desc.MatView || rel.Kind == desc.Sequence) {
			return int16(-1 - i)
		}
	}
	return 0
}

func anyColumnFunction(forms []string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		role, rest, err := roleArgument(c, forms, a)
		if err != nil {
			return pgtype.Null, err
		}
		oid := rest[0].OID()
		if forms[len(forms)-1] == "name" {
			if oid, err = c.Text.Names.Lookup("regclass", rest[0].Text()); err != nil {
				return pgtype.Null, err
			}
		}
		wanted, err := parsePrivileges(rest[1].Text(), columnWords)
		rel := c.Env.Catalog().Relation(oid)
		if err != nil || rel == nil {
			return pgtype.Null, err
		}
		o, _ := relationOwned(c, oid)
		held := holdsAny(c, role, o, wanted)
		for i := 0; i < len(rel.Columns) && !held; i++ {
			held = !rel.Columns[i].Dropped && holdsAny(c, role, owned{rel.Owner, columnACL(rel, int16(i+1)), 'c'}, wanted)
		}
		return pgtype.Bool(held), nil
	}
}

func parameterFunction(forms []string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		role, rest, err := roleArgument(c, forms, a)
		if err != nil {
			return pgtype.Null, err
		}
		wanted, err := parsePrivileges(rest[1].Text(), settingWords)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Bool(holdsAny(c, role, owned{desc.SuperuserOID, desc.ACL{}, 'p'}, wanted)), nil
	}
}

// hasRoleFunction is pg_has_role: MEMBER by any path, USAGE by inheritance, SET by SET ROLE.
func hasRoleFunction(forms []string) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		role, rest, err := roleArgument(c, forms, a)
		if err != nil {
			return pgtype.Null, err
		}
		group := rest[0].OID()
		if forms[len(forms)-1] == "name" {
			x := c.Env.Catalog().RoleByName(rest[0].Text())
			if x == nil {
				return pgtype.Null, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", rest[0].Text())
			}
			group = x.OID
		}
		r := c.Env.Catalog()
		for _, item := range strings.Split(rest[1].Text(), ",") {
			item = strings.Trim(item, " \t\n\r\f\v")
			word := strings.ToUpper(item)
			for _, suffix := range []string{withGrantOption, " WITH ADMIN OPTION"} {
				if s, ok := strings.CutSuffix(word, suffix); ok {
					word = s + " ADMIN"
				}
			}
			held := false
			switch word {
			case "USAGE":
				held = catalog.HasRole(r, role, group)
			case "MEMBER":
				held = catalog.IsMemberOf(r, role, group)
			case "SET":
				held = catalog.CanSetRole(r, role, group)
			case "USAGE ADMIN", "MEMBER ADMIN", "SET ADMIN":
				held = catalog.IsAdminOf(r, role, group)
			default:
				return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", item)
			}
			if held {
				return pgtype.Bool(true), nil
			}
		}
		return pgtype.Bool(false), nil
	}
}
