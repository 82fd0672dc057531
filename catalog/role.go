package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// CreateRole adds a role: 42710 when the name is taken, 42939 when it is reserved.
func (t *Txn) CreateRole(ctx context.Context, r *desc.Role) error {
	if err := t.checkRoleName(ctx, r.Name); err != nil {
		return err
	}
	if err := t.oid(ctx, &r.OID); err != nil {
		return err
	}
	for i := range r.Members {
		if err := t.oid(ctx, &r.Members[i].OID); err != nil {
			return err
		}
	}
	r.CreatedAt = t.catalog.now()
	r.UpdatedAt = r.CreatedAt
	return t.put(kindRole, r.OID, r)
}

func (t *Txn) checkRoleName(ctx context.Context, name string) error {
	if strings.HasPrefix(name, "pg_") {
		return reservedRole(name)
	}
	if name == "public" || name == "none" {
		return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", name)
	}
	if err := t.lockName(ctx, desc.ClassRole, 0, name); err != nil {
		return err
	}
	if t.RoleByName(name) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "role \"%s\" already exists", name)
	}
	return nil
}

func reservedRole(name string) *pgerr.Error {
	return pgerr.Newf(pgerr.ReservedName, "role name \"%s\" is reserved", name).WithDetail("Role names starting with \"pg_\" are reserved.")
}

// AlterRole changes a role's name, attributes, password or settings.
func (t *Txn) AlterRole(ctx context.Context, oid OID, edit func(*desc.Role) error) (*desc.Role, error) {
	return t.alterRole(ctx, oid, func(r *desc.Role) error {
		if strings.HasPrefix(r.Name, "pg_") {
			return reservedRole(r.Name).WithDetail("Cannot alter reserved roles.")
		}
		return edit(r)
	})
}

func (t *Txn) alterRole(ctx context.Context, oid OID, edit func(*desc.Role) error) (*desc.Role, error) {
	if err := t.lockDescriptor(ctx, kindRole, oid); err != nil {
		return nil, err
	}
	old := t.Role(oid)
	if old == nil {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", oid)
	}
	r := old.Clone()
	if err := edit(r); err != nil {
		return nil, err
	}
	if r.Name != old.Name {
		if err := t.checkRoleName(ctx, r.Name); err != nil {
			return nil, err
		}
	}
	r.UpdatedAt = t.catalog.now()
	return r, t.put(kindRole, oid, r)
}

// NoteLogin sets the time of a role's last login. It leaves the catalog's version alone, so that a login does not make every cached plan stale. A kv.Txn
// with NoSync is good enough for it.
func (t *Txn) NoteLogin(ctx context.Context, oid OID, at time.Time) error {
	if err := t.lockDescriptor(ctx, kindRole, oid); err != nil {
		return err
	}
	old := t.Role(oid)
	if old == nil {
		return nil
	}
	r := old.Clone()
	r.LastLogin = at
	return t.write(change{kind: kindRole, object: desc.ObjectRef{OID: oid}, value: r, quiet: true})
}

// OwnedBy lists the objects of this database that a role owns, for REASSIGN OWNED and DROP OWNED: schemas, relations but for indexes, and types.
func (v *view) OwnedBy(role OID) []desc.ObjectRef {
	var out []desc.ObjectRef
	for _, u := range v.roleUses(role) {
		if u.text == ownerOf && u.object.Class != classDefaultACL {
			out = append(out, u.object)
		}
	}
	return out
}

// DropRoles removes roles. 2BP01 while anything in any database belongs to one or is granted to one; memberships go with them.
func (t *Txn) DropRoles(ctx context.Context, oids []OID) error {
	for _, oid := range oids {
		if err := t.dropRole(ctx, oid, oids); err != nil {
			return err
		}
	}
	return nil
}

func (t *Txn) dropRole(ctx context.Context, oid OID, all []OID) error {
	r := t.Role(oid)
	if r == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", oid)
	}
	if oid < desc.FirstNormalOID {
		return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop role %s because it is required by the database system", r.Name)
	}
	if err := t.lockObject(ctx, desc.ClassRole, oid, kv.AccessExclusive, Wait{}); err != nil {
		return err
	}
	if err := t.lockDescriptor(ctx, kindRole, oid); err != nil {
		return err
	}
	if t.Role(oid) == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", r.Name)
	}
	if lines := t.roleUses(oid, all); len(lines) > 0 {
		return pgerr.Newf(pgerr.DependentObjectsStillExist, "role \"%s\" cannot be dropped because some objects depend on it", r.Name).
			WithDetail("%s", strings.Join(lines, "\n"))
	}
	if err := t.forgetRole(ctx, oid); err != nil {
		return err
	}
	if err := t.removeComments(desc.ObjectRef{Class: desc.ClassRole, OID: oid}); err != nil {
		return err
	}
	return t.remove(kindRole, oid)
}

// forgetRole removes the memberships in a role and its settings in databases.
func (t *Txn) forgetRole(ctx context.Context, oid OID) error {
	for m := range t.Roles() {
		if !slices.ContainsFunc(m.Members, func(x desc.Membership) bool { return x.Role == oid }) {
			continue
		}
		_, err := t.alterRole(ctx, m.OID, func(m *desc.Role) error {
			m.Members = slices.DeleteFunc(m.Members, func(x desc.Membership) bool { return x.Role == oid })
			return nil
		})
		if err != nil {
			return err
		}
	}
	for d := range t.Databases() {
		if !slices.ContainsFunc(d.RoleSettings, func(x desc.RoleSettings) bool { return x.Role == oid }) {
			continue
		}
		_, err := t.AlterDatabase(ctx, d.OID, func(d *desc.Database) error {
			d.RoleSettings = slices.DeleteFunc(d.RoleSettings, func(x desc.RoleSettings) bool { return x.Role == oid })
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// roleUse is one object that depends on a role.
type roleUse struct {
	object desc.ObjectRef
	text   string // ownerOf or "privileges for "
}

const ownerOf = "owner of "

// roleUses says what depends on a role, a line each as PostgreSQL's DETAIL has it: objects of this database by name, of others by number.
func (t *Txn) roleUses(oid OID, dropping []OID) []string {
	uses := t.view.roleUses(oid)
	for d := range t.Databases() {
		uses = addUse(uses, oid, d.Owner, d.ACL, desc.ObjectRef{Class: desc.ClassDatabase, OID: d.OID})
	}
	slices.SortFunc(uses, func(a, b roleUse) int {
		return cmp.Or(cmp.Compare(a.object.OID, b.object.OID), cmp.Compare(a.object.Class, b.object.Class), cmp.Compare(a.object.SubID, b.object.SubID))
	})
	var lines []string
	for _, u := range uses {
		lines = append(lines, u.text+t.describe(u.object))
	}
	for m := range t.Roles() {
		for _, x := range m.Members {
			if x.Grantor == oid && !slices.Contains(dropping, x.Role) && !slices.Contains(dropping, m.OID) {
				lines = append(lines, "privileges for membership of role "+m.Name+" in role "+t.Role(x.Role).Name)
			}
		}
	}
	for d := range t.Databases() {
		if s := t.catalog.Snapshot(d.OID); s != nil && d.OID != t.database {
			if n := len(s.roleUses(oid)); n > 0 {
				lines = append(lines, plural(n, "object")+" in database "+d.Name)
			}
		}
	}
	return lines
}

// roleUses lists what depends on a role in a database.
func (v *view) roleUses(oid OID) []roleUse {
	var uses []roleUse
	for s := range v.Schemas() {
		uses = addUse(uses, oid, s.Owner, s.ACL, desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID})
	}
	for r := range v.Relations() {
		if r.Class == desc.System || r.Kind == desc.Composite {
			continue
		}
		o := desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID}
		uses = addUse(uses, oid, r.Owner, r.ACL, o)
		for i := range r.Columns {
			o.SubID = int32(i + 1)
			uses = addUse(uses, oid, 0, r.Columns[i].ACL, o)
		}
	}
	for u := range v.UserTypes() {
		uses = addUse(uses, oid, u.Owner, u.ACL, desc.ObjectRef{Class: desc.ClassType, OID: u.OID})
	}
	for a := range v.DefaultACLs() {
		uses = addUse(uses, oid, a.Role, a.ACL, desc.ObjectRef{Class: classDefaultACL, OID: a.OID})
	}
	return uses
}

func mentions(a desc.ACL, role OID) bool {
	return slices.ContainsFunc(a, func(i desc.ACLItem) bool { return i.Grantee == role || i.Grantor == role })
}

func addUse(uses []roleUse, role, owner OID, acl desc.ACL, o desc.ObjectRef) []roleUse {
	if owner == role {
		return append(uses, roleUse{o, ownerOf})
	}
	if mentions(acl, role) {
		return append(uses, roleUse{o, "privileges for "})
	}
	return uses
}
