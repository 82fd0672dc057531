package pgcatalog

import (
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The roles of initdb are in the facts; a role with a descriptor is shown from that.
var pgAuthid = base{
	name: "pg_authid", facts: "pg_authid", keys: []string{"oid", "rolname"},
	keep: func(r catalog.Reader, row []pgtype.Datum) bool {
		return r.Role(row[0].OID()) == nil && row[0].OID() != desc.SuperuserOID
	},
	user: roleRows,
}

// pgEpoch is where timestamps count from.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func timestamp(t time.Time) pgtype.Datum {
	if t.IsZero() {
		return null
	}
	return num(t.Sub(pgEpoch).Microseconds())
}

func roleRows(r catalog.Reader, q *query) {
	emit := func(x *desc.Role) bool {
		if x == nil {
			return true
		}
		return q.emit(oid(x.OID), text(x.Name), boolean(x.Super), boolean(x.Inherit), boolean(x.CreateRole), boolean(x.CreateDB), boolean(x.Login),
			boolean(x.Replication), boolean(x.BypassRLS), num(x.ConnLimit), textOrNull(x.Verifier), timestamp(x.ValidUntil))
	}
	if o, ok := q.oid("oid"); ok {
		emit(r.Role(o))
		return
	}
	if name, ok := q.name("rolname"); ok {
		emit(r.RoleByName(name))
		return
	}
	for x := range r.Roles() {
		if !emit(x) {
			return
		}
	}
}

var pgAuthMembers = base{
	name: "pg_auth_members", facts: "pg_auth_members", keys: []string{"roleid", "member"},
	keep: func(r catalog.Reader, row []pgtype.Datum) bool {
		x := r.Role(row[2].OID())
		return x == nil || len(x.Members) == 0
	},
	user: func(r catalog.Reader, q *query) {
		emit := func(x *desc.Role) bool {
			if x == nil {
				return true
			}
			for _, m := range x.Members {
				q.emit(oid(m.OID), oid(m.Role), oid(x.OID), oid(m.Grantor), boolean(m.Admin), boolean(m.Inherit), boolean(m.Set))
			}
			return !q.done
		}
		if o, ok := q.oid("member"); ok {
			emit(r.Role(o))
			return
		}
		for x := range r.Roles() {
			if !emit(x) {
				return
			}
		}
	},
}

var pgDatabase = base{name: "pg_database", user: func(r catalog.Reader, q *query) {
	emit := func(d *desc.Database) bool {
		if d == nil {
			return true
		}
		return q.emit(oid(d.OID), text(d.Name), oid(d.Owner), num(d.Encoding), char('c'), boolean(d.Template), boolean(d.AllowConn), num(d.ConnLimit), num(722),
			num(1), oid(1663), text(d.Collate), text(d.Ctype), null, null, null, databaseACL(r, d))
	}
	if o, ok := q.oid("oid"); ok {
		emit(r.DatabaseByOID(o))
		return
	}
	if name, ok := q.name("datname"); ok {
		emit(r.DatabaseByName(name))
		return
	}
	for d := range r.Databases() {
		if !emit(d) {
			return
		}
	}
}}

// databaseACL is the list of a database; the templates have one from the start.
func databaseACL(r catalog.Reader, d *desc.Database) pgtype.Datum {
	if d.ACL == nil && (d.OID == 1 || d.OID == 4) {
		return aclDatum(r, desc.ACL{
			{Grantee: 0, Grantor: d.Owner, Privileges: desc.Connect},
			{Grantee: d.Owner, Grantor: d.Owner, Privileges: desc.Create | desc.Temporary | desc.Connect},
		})
	}
	return aclDatum(r, d.ACL)
}

var pgDBRoleSetting = base{name: "pg_db_role_setting", user: func(r catalog.Reader, q *query) {
	for d := range r.Databases() {
		if len(d.Settings) > 0 && !q.emit(oid(d.OID), zero, texts(d.Settings)) {
			return
		}
	}
	for x := range r.Roles() {
		if len(x.Settings) > 0 && !q.emit(zero, oid(x.OID), texts(x.Settings)) {
			return
		}
	}
}}
