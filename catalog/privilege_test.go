package catalog

import (
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

const grantSetup = `create role r1; create role r2; create role r3; create role su superuser; grant r1 to r3; create schema s; create sequence q;
create table a(v int, w int); create type ty as enum('x'); grant usage, create on schema public to r1, r2, r3; create table o(x int); alter table o owner to r1`

// grantProbe shows every ACL of the objects of grantSetup, and the memberships.
const grantProbe = `select concat_ws(' ', 'a', (select relacl from pg_class where relname = 'a' and relnamespace = 'public'::regnamespace),
'v', (select attacl from pg_attribute where attrelid = 'public.a'::regclass and attname = 'v'), 'q', (select relacl from pg_class where relname = 'q'),
's', (select nspacl from pg_namespace where nspname = 's'), 'ty', (select typacl from pg_type where typname = 'ty'), 'o', (select relacl from pg_class where relname = 'o'),
'd', (select string_agg(defaclobjtype::text || ':' || defaclacl::text, ';' order by oid) from pg_default_acl), 'n', (select relacl from pg_class where relname = 'n'),
'm', (select string_agg(concat(g.rolname, '>', u.rolname, '/', x.rolname, ' ', admin_option::text, inherit_option::text, set_option::text), ';' order by g.rolname, u.rolname, x.rolname)
 from pg_auth_members m join pg_roles g on g.oid = roleid join pg_roles u on u.oid = member join pg_roles x on x.oid = grantor where u.rolname !~ '^pg_'))`

type grants struct {
	t *testing.T
	x *Txn
	n []*pgerr.Error
}

func (g *grants) role(name string) OID {
	if name == "public" {
		return 0
	}
	return g.x.RoleByName(name).OID
}

func (g *grants) roles(names string) (out []OID) {
	for n := range strings.SplitSeq(names, ",") {
		out = append(out, g.role(n))
	}
	return out
}

func (g *grants) object(name string) desc.ObjectRef {
	switch name {
	case "s", "public":
		return desc.ObjectRef{Class: desc.ClassSchema, OID: g.x.SchemaByName(name).OID}
	case "ty":
		return desc.ObjectRef{Class: desc.ClassType, OID: g.x.TypeByName(desc.PublicOID, "ty").OID}
	case "a.v":
		return desc.ObjectRef{Class: desc.ClassRelation, OID: g.x.RelationByName(desc.PublicOID, "a").OID, SubID: 1}
	}
	return desc.ObjectRef{Class: desc.ClassRelation, OID: g.x.RelationByName(desc.PublicOID, name).OID}
}

// run makes a Grant of a short form: "grant r1: a rw* to r2 cascade" (a star: with grant option), "revoke …".
func (g *grants) run(text string) error {
	f := strings.Fields(text)
	stmt := Grant{Revoke: f[0] == "revoke", Role: g.role(strings.TrimSuffix(f[1], ":")), Objects: []desc.ObjectRef{g.object(f[2])}, Grantees: g.roles(f[5])}
	stmt.GrantOption = strings.HasSuffix(f[3], "*")
	stmt.Cascade = len(f) > 6
	if p := strings.TrimSuffix(f[3], "*"); p != "all" {
		i, err := desc.ParseACLItem("="+p+"/postgres", g.x)
		must(g.t, err)
		stmt.Privileges = i.Privileges
	}
	n, err := g.x.Grant(ctx, stmt)
	g.n = append(g.n, n...)
	return err
}

func (g *grants) member(by, group, member string, revoke bool, options RoleGrant) error {
	options.Revoke, options.Role, options.Roles, options.Grantees = revoke, g.role(by), g.roles(group), g.roles(member)
	n, err := g.x.GrantRole(ctx, options)
	g.n = append(g.n, n...)
	return err
}

func (g *grants) defaults(by, target string, schema bool, object byte, p desc.Privilege, to string, revoke bool) error {
	d := DefaultGrant{Role: g.role(by), Roles: g.roles(target), Object: object, Privileges: p, Grantees: g.roles(to), Revoke: revoke}
	if schema {
		d.Schemas = []OID{desc.PublicOID}
	}
	return g.x.AlterDefaultPrivileges(ctx, d)
}

func (g *grants) all(steps ...func() error) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

func (g *grants) grant(lines ...string) error {
	for _, l := range lines {
		if err := g.run(l); err != nil {
			return err
		}
	}
	return nil
}

func acl(x *Txn, a desc.ACL) string {
	var items []string
	for _, i := range a {
		items = append(items, i.Text(x))
	}
	return "{" + strings.Join(items, ",") + "}"
}

// probe is grantProbe.
func (g *grants) probe() string {
	var out []string
	show := func(name string, a desc.ACL) {
		out = append(out, name)
		if a != nil {
			out = append(out, acl(g.x, a))
		}
	}
	a := g.x.RelationByName(desc.PublicOID, "a")
	show("a", a.ACL)
	show("v", a.Columns[0].ACL)
	show("q", g.x.RelationByName(desc.PublicOID, "q").ACL)
	show("s", g.x.SchemaByName("s").ACL)
	show("ty", g.x.UserType(g.object("ty").OID).ACL)
	show("o", g.x.RelationByName(desc.PublicOID, "o").ACL)
	out = append(out, "d")
	var defaults, members []string
	for d := range g.x.DefaultACLs() {
		defaults = append(defaults, string(d.Object)+":"+acl(g.x, d.ACL))
	}
	if defaults != nil {
		out = append(out, strings.Join(defaults, ";"))
	}
	out = append(out, "n")
	if n := g.x.RelationByName(desc.PublicOID, "n"); n != nil && n.ACL != nil {
		out = append(out, acl(g.x, n.ACL))
	}
	word := map[bool]string{true: "true", false: "false"}
	for _, group := range []string{"r1", "r2", "r3", "su"} {
		for _, user := range []string{"postgres", "r1", "r2", "r3", "su"} {
			for _, by := range []string{"postgres", "r1", "r2", "r3", "su"} {
				if at := find(g.x.RoleByName(user).Members, g.role(group), g.role(by)); at >= 0 {
					m := g.x.RoleByName(user).Members[at]
					members = append(members, group+">"+user+"/"+by+" "+word[m.Admin]+word[m.Inherit]+word[m.Set])
				}
			}
		}
	}
	out = append(out, "m")
	if members != nil {
		out = append(out, strings.Join(members, ";"))
	}
	return strings.Join(out, " ")
}

type grantCase struct {
	sql string
	run func(g *grants) error
}

func line(lines ...string) func(*grants) error {
	return func(g *grants) error { return g.grant(lines...) }
}

var (
	yes = true
	no  = false
)

var grantCases = map[string]grantCase{
	"select":                 {"grant select on a to r1", line("grant postgres: a r to r1")},
	"all with option":        {"grant all on a to r1 with grant option", line("grant postgres: a all* to r1")},
	"public with option":     {"grant select on a to public with grant option", line("grant postgres: a r* to public")},
	"two":                    {"grant select, insert on a to r2, public", line("grant postgres: a ra to r2,public")},
	"passed on":              {"grant all on a to r1 with grant option; set local role r1; grant select on a to r2; reset role", line("grant postgres: a all* to r1", "grant r1: a r to r2")},
	"revoke restrict":        {"grant all on a to r1 with grant option; set local role r1; grant select on a to r2; reset role; revoke all on a from r1", line("grant postgres: a all* to r1", "grant r1: a r to r2", "revoke postgres: a all from r1")},
	"revoke cascade":         {"grant all on a to r1 with grant option; set local role r1; grant select on a to r2; reset role; revoke select on a from r1 cascade", line("grant postgres: a all* to r1", "grant r1: a r to r2", "revoke postgres: a r from r1 cascade")},
	"revoke option":          {"grant all on a to r1 with grant option; revoke grant option for select on a from r1", line("grant postgres: a all* to r1", "revoke postgres: a r* from r1")},
	"revoke owner":           {"revoke all on a from postgres", line("revoke postgres: a all from postgres")},
	"revoke nothing":         {"revoke select on a from r1", line("revoke postgres: a r from r1")},
	"circle":                 {"grant select on a to r1 with grant option; set local role r1; grant select on a to r2 with grant option; set local role r2; grant select on a to r1 with grant option", line("grant postgres: a r* to r1", "grant r1: a r* to r2", "grant r2: a r* to r1")},
	"denied":                 {"set local role r2; grant select on a to r1", line("grant r2: a r to r1")},
	"nothing granted":        {"grant select on a to r2; set local role r2; grant select on a to r1; reset role", line("grant postgres: a r to r2", "grant r2: a r to r1")},
	"not all granted":        {"grant select on a to r2 with grant option; set local role r2; grant select, insert on a to r1; reset role", line("grant postgres: a r* to r2", "grant r2: a ra to r1")},
	"all that can be":        {"grant select on a to r2 with grant option; set local role r2; grant all on a to r1; reset role", line("grant postgres: a r* to r2", "grant r2: a all to r1")},
	"through a role":         {"grant select on a to r1 with grant option; set local role r3; grant select on a to r2; reset role", line("grant postgres: a r* to r1", "grant r3: a r to r2")},
	"owner's member":         {"set local role r3; grant select on o to r2; reset role", line("grant r3: o r to r2")},
	"wrong for table":        {"grant usage on a to r1", line("grant postgres: a U to r1")},
	"wrong for schema":       {"grant select on schema s to r1", line("grant postgres: s r to r1")},
	"wrong for sequence":     {"grant insert on sequence q to r1", line("grant postgres: q a to r1")},
	"wrong for column":       {"grant delete(v) on a to r1", line("grant postgres: a.v d to r1")},
	"wrong for type":         {"grant select on type ty to r1", func(g *grants) error { return g.run("grant postgres: ty r to r1") }},
	"schema":                 {"grant all on schema s to r1", line("grant postgres: s all to r1")},
	"sequence":               {"grant all on sequence q to r1", line("grant postgres: q all to r1")},
	"type":                   {"grant usage on type ty to r1; revoke usage on type ty from public", line("grant postgres: ty U to r1", "revoke postgres: ty U from public")},
	"column":                 {"grant select(v), insert(v) on a to r1", line("grant postgres: a.v ra to r1")},
	"column all":             {"grant all(v) on a to r1 with grant option", line("grant postgres: a.v all* to r1")},
	"column revoked":         {"grant select(v) on a to r1; revoke select(v) on a from r1", line("grant postgres: a.v r to r1", "revoke postgres: a.v r from r1")},
	"revoked with table":     {"grant select(v), insert(v) on a to r1; revoke select on a from r1", line("grant postgres: a.v ra to r1", "revoke postgres: a r from r1")},
	"revoked all with table": {"grant select(v), insert(v) on a to r1; revoke all on a from r1", line("grant postgres: a.v ra to r1", "revoke postgres: a all from r1")},
	"column by table option": {"grant select on a to r1 with grant option; set local role r1; grant select(v) on a to r2; reset role", line("grant postgres: a r* to r1", "grant r1: a.v r to r2")},

	"member":       {"grant r1 to r2", func(g *grants) error { return g.member("postgres", "r1", "r2", false, RoleGrant{}) }},
	"member again": {"grant r1 to r3", func(g *grants) error { return g.member("postgres", "r1", "r3", false, RoleGrant{}) }},
	"member with options": {"grant r1 to r2 with admin true, inherit false, set false", func(g *grants) error {
		return g.member("postgres", "r1", "r2", false, RoleGrant{Admin: &yes, Inherit: &no, Set: &no})
	}},
	"member circle":       {"grant r3 to r1", func(g *grants) error { return g.member("postgres", "r3", "r1", false, RoleGrant{}) }},
	"member of itself":    {"grant r1 to r1", func(g *grants) error { return g.member("postgres", "r1", "r1", false, RoleGrant{}) }},
	"member revoked":      {"revoke r1 from r3", func(g *grants) error { return g.member("postgres", "r1", "r3", true, RoleGrant{}) }},
	"member not there":    {"revoke r1 from r2", func(g *grants) error { return g.member("postgres", "r1", "r2", true, RoleGrant{}) }},
	"member denied":       {"set local role r2; grant r1 to r2", func(g *grants) error { return g.member("r2", "r1", "r2", false, RoleGrant{}) }},
	"member of superuser": {"set local role r2; grant su to r2", func(g *grants) error { return g.member("r2", "su", "r2", false, RoleGrant{}) }},
	"member by admin": {"grant r1 to r2 with admin option; set local role r2; grant r1 to su; reset role", func(g *grants) error {
		return g.all(func() error { return g.member("postgres", "r1", "r2", false, RoleGrant{Admin: &yes}) }, func() error { return g.member("r2", "r1", "su", false, RoleGrant{}) })
	}},
	"member restrict": {"grant r1 to r2 with admin option; set local role r2; grant r1 to su; reset role; revoke r1 from r2", func(g *grants) error {
		return g.all(func() error { return g.member("postgres", "r1", "r2", false, RoleGrant{Admin: &yes}) }, func() error { return g.member("r2", "r1", "su", false, RoleGrant{}) },
			func() error { return g.member("postgres", "r1", "r2", true, RoleGrant{}) })
	}},
	"member admin circle": {"grant r1 to r2 with admin option; set local role r2; grant r1 to r3 with admin option; set local role r3; grant r1 to r2 with admin option", func(g *grants) error {
		return g.all(func() error { return g.member("postgres", "r1", "r2", false, RoleGrant{Admin: &yes}) }, func() error { return g.member("r2", "r1", "r3", false, RoleGrant{Admin: &yes}) },
			func() error { return g.member("r3", "r1", "r2", false, RoleGrant{Admin: &yes}) })
	}},
	"member cascade": {"grant r1 to r2 with admin option; set local role r2; grant r1 to su; reset role; revoke admin option for r1 from r2 cascade", func(g *grants) error {
		return g.all(func() error { return g.member("postgres", "r1", "r2", false, RoleGrant{Admin: &yes}) }, func() error { return g.member("r2", "r1", "su", false, RoleGrant{}) },
			func() error { return g.member("postgres", "r1", "r2", true, RoleGrant{Admin: &yes, Cascade: true}) })
	}},

	"defaults": {"alter default privileges for role r1 grant select on tables to r2; alter default privileges for role r1 in schema public grant insert on tables to public; create table n(x int); alter table n owner to r1; drop table n; set local role r1; create table n(x int); reset role",
		func(g *grants) error {
			return g.all(func() error { return g.defaults("postgres", "r1", false, 'r', desc.Select, "r2", false) },
				func() error { return g.defaults("postgres", "r1", true, 'r', desc.Insert, "public", false) },
				func() error {
					n := table("n", "x")
					n.Owner = g.role("r1")
					return g.x.CreateRelation(ctx, n)
				})
		}},
	"defaults taken back": {"alter default privileges for role r1 grant select on tables to r2; alter default privileges for role r1 revoke select on tables from r2", func(g *grants) error {
		return g.all(func() error { return g.defaults("postgres", "r1", false, 'r', desc.Select, "r2", false) }, func() error { return g.defaults("postgres", "r1", false, 'r', desc.Select, "r2", true) })
	}},
	"defaults of types": {"alter default privileges for role r1 revoke usage on types from public", func(g *grants) error { return g.defaults("postgres", "r1", false, 'T', desc.Usage, "public", true) }},
	"defaults denied":   {"set local role r2; alter default privileges for role r1 grant select on tables to r2", func(g *grants) error { return g.defaults("r2", "r1", false, 'r', desc.Select, "r2", false) }},
	"defaults wrong":    {"alter default privileges for role r1 grant usage on tables to r2", func(g *grants) error { return g.defaults("postgres", "r1", false, 'r', desc.Usage, "r2", false) }},

	"drop role": {"grant select on a to r1; grant select(v) on a to r1; grant usage on schema s to r1; alter default privileges for role r1 grant select on tables to r2; drop role r1", func(g *grants) error {
		return g.all(func() error {
			return g.grant("grant postgres: a r to r1", "grant postgres: a.v r to r1", "grant postgres: s U to r1")
		},
			func() error { return g.defaults("postgres", "r1", false, 'r', desc.Select, "r2", false) }, func() error { return g.x.DropRoles(ctx, g.roles("r1")) })
	}},
	"new owner": {"grant select on a to r1 with grant option; set local role r1; grant select on a to r2; reset role; alter table a owner to r2", func(g *grants) error {
		return g.all(func() error { return g.grant("grant postgres: a r* to r1", "grant r1: a r to r2") }, func() error {
			_, err := g.x.AlterRelation(ctx, g.object("a").OID, func(r *desc.Relation) error { r.Owner = g.role("r2"); return nil })
			return err
		})
	}},
}

func grantObjects(t *testing.T, x *Txn) {
	for _, n := range []string{"r1", "r2", "r3", "su"} {
		must(t, x.CreateRole(ctx, &desc.Role{Name: n, Inherit: true, Super: n == "su", ConnLimit: -1}))
	}
	g := &grants{t: t, x: x}
	must(t, g.member("postgres", "r1", "r3", false, RoleGrant{}))
	must(t, x.CreateSchema(ctx, &desc.Schema{Name: "s", Owner: desc.SuperuserOID}))
	must(t, x.CreateRelation(ctx, &desc.Relation{Name: "q", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: desc.Sequence, SequenceDef: &desc.SequenceDef{Start: 1, Increment: 1, Min: 1, Max: 9, Cache: 1}}))
	must(t, x.CreateRelation(ctx, table("a", "v", "w")))
	must(t, x.CreateType(ctx, &desc.UserType{Name: "ty", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: pgtype.KindEnum, Labels: []pgtype.EnumLabel{{Label: "x"}}}))
	o := table("o", "x")
	o.Owner = g.role("r1")
	must(t, x.CreateRelation(ctx, o))
	must(t, g.run("grant postgres: public UC to r1,r2,r3"))
}

func TestGrant(t *testing.T) {
	statements := make(map[string]string)
	for name, c := range grantCases {
		statements[name] = c.sql
	}
	r := expect(t, "grant.json", grantSetup, grantProbe, statements)
	f := newFixture(t)
	x := f.begin()
	grantObjects(t, x)
	m, km := x.Savepoint(), x.kv.Savepoint()
	for name, c := range grantCases {
		g := &grants{t: t, x: x}
		err := c.run(g)
		r.check(name, g.n, err, g.probe())
		x.RollbackTo(m)
		must(t, x.kv.RollbackTo(km))
	}
}

func TestPrivileges(t *testing.T) {
	f := newFixture(t)
	x := f.begin()
	grantObjects(t, x)
	g := &grants{t: t, x: x}
	a, col, s := g.object("a"), g.object("a.v"), g.object("s")
	check := func(role string, o desc.ObjectRef, p desc.Privilege, want string) {
		t.Helper()
		err := CheckPrivilege(x, g.role(role), o, p)
		if want != "" {
			wantError(t, err, pgerr.InsufficientPrivilege, want)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	check("su", a, desc.AllTable, "")
	check("r1", a, desc.Select, "permission denied for table a")
	check("r3", g.object("o"), desc.AllTable, "") // inherits from the owner
	check("r2", s, desc.Usage, "permission denied for schema s")
	check("r2", g.object("ty"), desc.Usage, "")
	check("r2", desc.ObjectRef{Class: desc.ClassType, OID: pgtype.OIDInt4Array}, desc.Usage, "")
	check("r2", desc.ObjectRef{Class: desc.ClassDatabase, OID: postgresOID}, desc.Connect|desc.Temporary, "")
	check("r2", desc.ObjectRef{Class: desc.ClassDatabase, OID: postgresOID}, desc.Create, "permission denied for database postgres")
	must(t, g.run("grant postgres: a.v r to r1"))
	check("r1", col, desc.Select, "")
	check("r1", a, desc.Select, "permission denied for table a")
	if !HasAnyColumnPrivilege(x, g.role("r1"), a.OID, desc.Select) || HasAnyColumnPrivilege(x, g.role("r2"), a.OID, desc.Select) {
		t.Fatal("any column")
	}
	must(t, g.member("postgres", "pg_read_all_data", "r2", false, RoleGrant{}))
	check("r2", a, desc.Select, "")
	check("r2", s, desc.Usage, "")
	check("r2", a, desc.Select|desc.Insert, "permission denied for table a")
	must(t, g.member("postgres", "pg_write_all_data", "r1", false, RoleGrant{Inherit: &no}))
	check("r1", a, desc.Insert, "permission denied for table a")
	if r1, w := g.role("r1"), g.role("pg_write_all_data"); !IsMemberOf(x, r1, w) || HasRole(x, r1, w) || !CanSetRole(x, r1, w) || IsAdminOf(x, r1, w) {
		t.Fatal("membership without INHERIT")
	}
	wantError(t, CheckOwner(x, g.role("r2"), a), pgerr.InsufficientPrivilege, "must be owner of table a")
	must(t, CheckOwner(x, g.role("r3"), g.object("o")))
	_, err := x.AlterDatabase(ctx, postgresOID, func(d *desc.Database) error { d.Owner = g.role("r3"); return nil })
	must(t, err)
	check("r3", desc.ObjectRef{Class: desc.ClassSchema, OID: desc.PublicOID}, desc.Create, "") // as pg_database_owner
}
