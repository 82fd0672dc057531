package pgcatalog

import (
	"embed"
	"strconv"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

//go:embed views/*.sql
var viewFiles embed.FS

// Relations lists every relation of pg_catalog and information_schema by OID. The descriptors are shared and not to be changed.
func Relations() []catalog.SystemRelation { return relations() }

var relations = sync.OnceValue(func() []catalog.SystemRelation {
	rels := describeRelations()
	tables := make(map[string]base, 80)
	for _, b := range bases() {
		tables[b.name] = b
	}
	out := make([]catalog.SystemRelation, 0, len(rels))
	for _, rel := range rels {
		s := catalog.SystemRelation{Relation: rel}
		if rel.Kind == desc.Table {
			b, ok := tables[rel.Name]
			if !ok {
				b = base{name: rel.Name} // a catalog of something that does not exist here: no rows
			}
			s.Table = newTable(b, rel)
		}
		out = append(out, s)
	}
	return out
})

// bases lists the base relations that have rows.
func bases() []base {
	return []base{
		pgClass, pgAttribute, pgAttrdef, pgType, pgIndex, pgConstraint, pgTrigger, pgNamespace, pgEnum, pgSequence, pgDepend, pgShdepend, pgRewrite, pgDescription,
		pgShdescription, pgDatabase, pgAuthid, pgAuthMembers, pgDBRoleSetting, pgDefaultACL, pgInitPrivs, pgStatistic,
		{name: "pg_proc", facts: "pg_proc", keys: []string{"oid", "proname", "pronamespace"}},
		{name: "pg_operator", facts: "pg_operator", keys: []string{"oid", "oprname"}},
		{name: "pg_opclass", facts: "pg_opclass", keys: []string{"oid", "opcname", "opcintype"}},
		{name: "pg_opfamily", facts: "pg_opfamily", keys: []string{"oid", "opfname"}},
		{name: "pg_am", facts: "pg_am", keys: []string{"oid", "amname"}},
		{name: "pg_amop", facts: "pg_amop", keys: []string{"oid", "amopfamily", "amopopr"}},
		{name: "pg_amproc", facts: "pg_amproc", keys: []string{"oid", "amprocfamily"}},
		{name: "pg_cast", facts: "pg_cast", keys: []string{"oid", "castsource", "casttarget"}},
		{name: "pg_aggregate", facts: "pg_aggregate", keys: []string{"aggfnoid"}},
		{name: "pg_range", facts: "pg_range", keys: []string{"rngtypid", "rngmultitypid"}},
		{name: "pg_collation", facts: "pg_collation", keys: []string{"oid", "collname"}},
		{name: "pg_conversion", facts: "pg_conversion", keys: []string{"oid", "conname"}},
		{name: "pg_language", facts: "pg_language", keys: []string{"oid", "lanname"}},
		{name: "pg_tablespace", facts: "pg_tablespace", keys: []string{"oid", "spcname"}},
		{name: "pg_ts_config", facts: "pg_ts_config", keys: []string{"oid", "cfgname"}},
		{name: "pg_ts_config_map", facts: "pg_ts_config_map", keys: []string{"mapcfg"}},
		{name: "pg_ts_dict", facts: "pg_ts_dict", keys: []string{"oid", "dictname"}},
		{name: "pg_ts_parser", facts: "pg_ts_parser", keys: []string{"oid"}},
		{name: "pg_ts_template", facts: "pg_ts_template", keys: []string{"oid"}},
		{name: "pg_extension", user: pgExtensionRows},
		{name: "sql_features", facts: "sql_features"},
		{name: "sql_implementation_info", facts: "sql_implementation_info"},
		{name: "sql_parts", facts: "sql_parts"},
		{name: "sql_sizing", facts: "sql_sizing"},
	}
}

// pgExtensionRows shows plpgsql's row, which clients look for; its language is in pg_language as well.
func pgExtensionRows(_ catalog.Reader, q *query) {
	q.emit(oid(13479), text("plpgsql"), oid(desc.SuperuserOID), oid(desc.PgCatalogOID), no, text("1.0"), null, null)
}

// fact reads one row of facts by column names.
type fact struct {
	t *pgfacts.Table
	v []string
}

func (f fact) str(c string) string { return f.v[f.t.Column(c)] }
func (f fact) bool(c string) bool  { return f.str(c) == "t" }
func (f fact) num(c string) int64 {
	n, _ := strconv.ParseInt(f.str(c), 10, 64)
	return n
}
func (f fact) oid(c string) pgtype.OID { return pgtype.OID(f.num(c)) }

// char is 0 for the empty "char".
func (f fact) char(c string) byte {
	if s := f.str(c); s != "" {
		return s[0]
	}
	return 0
}

func facts(name string, each func(fact)) {
	t := pgfacts.Load(name)
	for _, v := range t.Rows {
		each(fact{t, v})
	}
}

// describeRelations makes the descriptors from the rows that pg_class and its siblings show.
func describeRelations() []*desc.Relation {
	var rels []*desc.Relation
	byOID := make(map[pgtype.OID]*desc.Relation, 256)
	indexName := make(map[pgtype.OID]string, 256)
	arrayOf := make(map[pgtype.OID]pgtype.OID, 640)
	facts("pg_type", func(f fact) { arrayOf[f.oid("oid")] = f.oid("typarray") })
	facts("pg_class", func(f fact) {
		kind := desc.RelKind(f.char("relkind"))
		if kind == desc.IndexKind {
			indexName[f.oid("oid")] = f.str("relname")
			return
		}
		if kind != desc.Table && kind != desc.View {
			return
		}
		rel := &desc.Relation{
			OID: f.oid("oid"), Name: f.str("relname"), Schema: f.oid("relnamespace"), Owner: f.oid("relowner"), Kind: kind, Persistence: 'p',
			Class: desc.System, RowType: f.oid("reltype"), RowArray: arrayOf[f.oid("reltype")], Version: 1, ACL: parseACL(f.str("relacl")),
		}
		if kind == desc.View {
			rel.ViewQuery = viewQuery(rel)
		}
		rels = append(rels, rel)
		byOID[rel.OID] = rel
	})
	facts("pg_attribute", func(f fact) {
		rel := byOID[f.oid("attrelid")]
		if rel == nil || f.num("attnum") < 1 {
			return
		}
		rel.Columns = append(rel.Columns, desc.Column{
			Num: int16(f.num("attnum")), Name: f.str("attname"), Type: f.oid("atttypid"), Typmod: int32(f.num("atttypmod")), NotNull: f.bool("attnotnull"),
			Collation: f.oid("attcollation"), Storage: f.char("attstorage"), StatTarget: int32(f.num("attstattarget")), ACL: parseACL(f.str("attacl")),
		})
	})
	describeIndexes(byOID, indexName)
	return rels
}

func describeIndexes(byOID map[pgtype.OID]*desc.Relation, names map[pgtype.OID]string) {
	constraint := make(map[pgtype.OID]pgtype.OID)
	facts("pg_constraint", func(f fact) {
		if rel := byOID[f.oid("conrelid")]; rel != nil && f.char("contype") != 'c' {
			constraint[f.oid("conindid")] = f.oid("oid")
			rel.Constraints = append(rel.Constraints, desc.Constraint{
				OID: f.oid("oid"), Name: f.str("conname"), Type: f.char("contype"), Index: f.oid("conindid"), Validated: true, Columns: int16Words(strings.Trim(f.str("conkey"), "{}")),
			})
		}
	})
	facts("pg_index", func(f fact) {
		rel := byOID[f.oid("indrelid")]
		if rel == nil {
			return
		}
		x := desc.Index{
			OID: f.oid("indexrelid"), Name: names[f.oid("indexrelid")], Unique: f.bool("indisunique"), Primary: f.bool("indisprimary"),
			Immediate: f.bool("indimmediate"), Valid: true, Method: "btree", Constraint: constraint[f.oid("indexrelid")],
		}
		classes, collations := strings.Fields(f.str("indclass")), strings.Fields(f.str("indcollation"))
		for i, n := range int16Words(f.str("indkey")) {
			x.Keys = append(x.Keys, desc.IndexKey{Num: n, Opclass: oidWord(classes[i]), Collation: oidWord(collations[i])})
		}
		rel.Indexes = append(rel.Indexes, x)
	})
	for _, rel := range byOID {
		for i := range rel.Indexes {
			if rel.Indexes[i].Primary {
				rel.Indexes[0], rel.Indexes[i] = rel.Indexes[i], rel.Indexes[0]
			}
		}
	}
}

func int16Words(s string) []int16 {
	var out []int16
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, _ := strconv.ParseInt(w, 10, 16)
		out = append(out, int16(n))
	}
	return out
}

func oidWord(s string) pgtype.OID {
	n, _ := strconv.ParseUint(s, 10, 32)
	return pgtype.OID(n)
}

var schemaNames = map[pgtype.OID]string{desc.PgCatalogOID: "pg_catalog", desc.InformationSchemaOID: "information_schema"}

// viewQuery reads a view's SQL, without its comment lines and the final semicolon.
func viewQuery(rel *desc.Relation) string {
	b, err := viewFiles.ReadFile("views/" + schemaNames[rel.Schema] + "." + rel.Name + ".sql")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSpace(string(b)), ";")
}

// parseACL reads the privileges of a fact; nil when there are none.
func parseACL(s string) desc.ACL {
	if s == "" {
		return nil
	}
	list := desc.ACL{}
	for _, word := range splitArray(s) {
		if item, err := desc.ParseACLItem(word, initdbRoles()); err == nil {
			list = append(list, item)
		}
	}
	return list
}

// roleSet is initdb's roles by name, for reading the privileges in facts.
type roleSet map[string]*desc.Role

var initdbRoles = sync.OnceValue(func() roleSet {
	m := make(roleSet)
	facts("pg_authid", func(f fact) { m[f.str("rolname")] = &desc.Role{OID: f.oid("oid"), Name: f.str("rolname")} })
	return m
})

func (s roleSet) RoleByName(name string) *desc.Role { return s[name] }

func (s roleSet) Role(o desc.OID) *desc.Role {
	for _, role := range s {
		if role.OID == o {
			return role
		}
	}
	return nil
}
