package catalog

import (
	"context"
	"strconv"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgfacts"
)

// OIDs of the databases that initdb makes.
const (
	template1OID OID = 1
	template0OID OID = 4
	postgresOID  OID = 5
)

// bootstrap fills an empty store.
func (c *Catalog) bootstrap(ctx context.Context, o Options) error {
	return inStore(ctx, c.store, func(t kv.Txn) error {
		if err := t.Put(appendPrefix(nil, 0, kindFormat), []byte{catalogFormat}); err != nil {
			return err
		}
		all := c.bootstrapRoles(o)
		for _, oid := range []OID{template1OID, template0OID, postgresOID} {
			all = append(all, c.bootstrapDatabase(oid)...)
		}
		for i := range all {
			if err := t.Put(all[i].key(), all[i].encode()); err != nil {
				return err
			}
		}
		return nil
	})
}

// fact reads a table of pgfacts by column names.
type fact struct {
	*pgfacts.Table
	row []string
}

func (f fact) text(column string) string { return f.row[f.Column(column)] }
func (f fact) bool(column string) bool   { return f.text(column) == "t" }
func (f fact) oid(column string) OID {
	n, _ := strconv.ParseUint(f.text(column), 10, 32)
	return OID(n)
}

func facts(name string, each func(fact)) {
	t := pgfacts.Load(name)
	for _, row := range t.Rows {
		each(fact{t, row})
	}
}

func (c *Catalog) bootstrapRoles(o Options) []change {
	now := c.now()
	roles := make(map[OID]*desc.Role)
	var all []change
	facts("pg_authid", func(f fact) {
		r := &desc.Role{
			OID: f.oid("oid"), Name: f.text("rolname"), Super: f.bool("rolsuper"), Inherit: f.bool("rolinherit"), CreateRole: f.bool("rolcreaterole"),
			CreateDB: f.bool("rolcreatedb"), Login: f.bool("rolcanlogin"), Replication: f.bool("rolreplication"), BypassRLS: f.bool("rolbypassrls"),
			ConnLimit: -1, CreatedAt: now, UpdatedAt: now,
		}
		if r.OID == desc.SuperuserOID {
			r.Name, r.Verifier = o.SuperuserName, o.SuperuserVerifier
		}
		roles[r.OID] = r
		all = append(all, change{kind: kindRole, object: desc.ObjectRef{OID: r.OID}, value: r})
	})
	facts("pg_auth_members", func(f fact) {
		m := roles[f.oid("member")]
		m.Members = append(m.Members, desc.Membership{
			OID: f.oid("oid"), Role: f.oid("roleid"), Grantor: f.oid("grantor"), Admin: f.bool("admin_option"), Inherit: f.bool("inherit_option"), Set: f.bool("set_option"),
		})
	})
	for _, s := range []struct {
		oid  OID
		text string
	}{{template1OID, "default template for new databases"}, {template0OID, "unmodifiable empty database"}, {postgresOID, "default administrative connection database"}} {
		all = append(all, change{kind: kindComment, object: desc.ObjectRef{Class: desc.ClassDatabase, OID: s.oid}, value: s.text})
	}
	return all
}

func (c *Catalog) bootstrapDatabase(oid OID) []change {
	now := c.now()
	d := &desc.Database{OID: oid, Owner: desc.SuperuserOID, AllowConn: true, ConnLimit: -1, Encoding: 6, Collate: "C.UTF-8", Ctype: "C.UTF-8", CreatedAt: now}
	templateACL := desc.ACL{
		{Grantor: desc.SuperuserOID, Privileges: desc.Connect},
		{Grantee: desc.SuperuserOID, Grantor: desc.SuperuserOID, Privileges: desc.AllDatabase},
	}
	switch oid {
	case template1OID:
		d.Name, d.Template, d.ACL = "template1", true, templateACL
	case template0OID:
		d.Name, d.Template, d.AllowConn, d.ACL = "template0", true, false, templateACL
	default:
		d.Name = "postgres"
	}
	all := []change{{kind: kindDatabase, object: desc.ObjectRef{OID: oid}, value: d}}
	for _, s := range []struct {
		oid, owner OID
		name       string
		comment    string
		world      desc.Privilege // to PUBLIC; 0: no ACL
	}{
		{desc.PgCatalogOID, desc.SuperuserOID, "pg_catalog", "system catalog schema", desc.Usage},
		{desc.PgToastOID, desc.SuperuserOID, "pg_toast", "reserved schema for TOAST tables", 0},
		{desc.PublicOID, desc.PgDatabaseOwnerOID, "public", "standard public schema", desc.Usage},
		{desc.InformationSchemaOID, desc.SuperuserOID, "information_schema", "", desc.Usage},
		{desc.SystemSchemaOID, desc.SuperuserOID, "system", "state of this server", desc.Usage},
		{desc.KalamSchemaOID, desc.SuperuserOID, "kalam", "functions of this server", desc.Usage},
	} {
		n := &desc.Schema{OID: s.oid, Name: s.name, Owner: s.owner, CreatedAt: now, UpdatedAt: now}
		if s.world != 0 {
			n.ACL = desc.ACL{{Grantee: s.owner, Grantor: s.owner, Privileges: desc.AllSchema}, {Grantor: s.owner, Privileges: s.world}}
		}
		all = append(all, change{database: oid, kind: kindSchema, object: desc.ObjectRef{OID: s.oid}, value: n})
		if s.comment != "" {
			all = append(all, change{database: oid, kind: kindComment, object: desc.ObjectRef{Class: desc.ClassSchema, OID: s.oid}, value: s.comment})
		}
	}
	return all
}
