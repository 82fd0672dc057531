package catalog

import (
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Predefined roles that privileges depend on.
const (
	readAllData  OID = 6181
	writeAllData OID = 6182
)

// IsSuperuser tells whether a role is a superuser; false for one that does not exist.
func IsSuperuser(r Reader, role OID) bool {
	x := r.Role(role)
	return x != nil && x.Super
}

// IsMemberOf tells whether role is group or, by any path, a member of it. Superusers are members of every role.
func IsMemberOf(r Reader, role, group OID) bool {
	return IsSuperuser(r, role) || reaches(r, role, group, anyMembership)
}

// HasRole tells whether role has the privileges of group without SET ROLE: by memberships that inherit. Superusers have every role's.
func HasRole(r Reader, role, group OID) bool {
	return role == group || IsSuperuser(r, role) || reaches(r, role, group, inheriting)
}

// CanSetRole tells whether role may SET ROLE to target: by memberships with the SET option. Superusers may become any role.
func CanSetRole(r Reader, role, target OID) bool {
	return IsSuperuser(r, role) || reaches(r, role, target, settable)
}

// IsAdminOf tells whether role may grant group to others: it, or a role that it has, is a member with the ADMIN option.
func IsAdminOf(r Reader, role, group OID) bool {
	return IsSuperuser(r, role) || bestAdmin(r, role, group) != 0
}

func anyMembership(desc.Membership) bool { return true }
func inheriting(m desc.Membership) bool  { return m.Inherit }
func settable(m desc.Membership) bool    { return m.Set }

// reaches tells whether memberships that follow accepts lead from role to group.
func reaches(r Reader, role, group OID, follow func(desc.Membership) bool) bool {
	if role == group {
		return true
	}
	for _, m := range rolesOf(r, role, follow) {
		if m == group {
			return true
		}
	}
	return false
}

// rolesOf lists role and every role that memberships lead to, nearest first. The database's owner is a member of pg_database_owner.
func rolesOf(r Reader, role OID, follow func(desc.Membership) bool) []OID {
	list := []OID{role}
	var owner OID
	if d := r.Database(); d != nil {
		owner = d.Owner
	}
	add := func(oid OID) {
		for _, have := range list {
			if have == oid {
				return
			}
		}
		list = append(list, oid)
	}
	for i := 0; i < len(list); i++ {
		x := r.Role(list[i])
		if x == nil {
			continue
		}
		for _, m := range x.Members {
			if follow(m) {
				add(m.Role)
			}
		}
		if list[i] == owner {
			add(desc.PgDatabaseOwnerOID)
		}
	}
	return list
}

// bestAdmin finds the nearest of the roles that role has which may grant group to others; 0 when there is none.
func bestAdmin(r Reader, role, group OID) OID {
	for _, x := range rolesOf(r, role, inheriting) {
		d := r.Role(x)
		if d == nil {
			continue
		}
		for _, m := range d.Members {
			if m.Role == group && m.Admin {
				return x
			}
		}
	}
	return 0
}

func inherits(r Reader) desc.Inherits {
	return func(role, group OID) bool { return reaches(r, role, group, inheriting) }
}

// protected is what privileges on an object depend on.
type protected struct {
	acl    desc.ACL
	owner  OID
	letter byte // for desc.DefaultPrivileges
	all    desc.Privilege
	word   string // as "permission denied for" has it
	name   string
}

// privileges is the ACL with the default in place of nil.
func (p *protected) privileges() desc.ACL {
	if p.acl == nil {
		return desc.DefaultPrivileges(p.letter, p.owner)
	}
	return p.acl
}

// protection finds what protects an object; ok is false when there is no such object. A column's is its table's.
func protection(r Reader, o desc.ObjectRef) (p protected, ok bool) {
	switch o.Class {
	case desc.ClassRelation:
		t := r.Relation(o.OID)
		if t == nil {
			table, x := r.Index(o.OID)
			if x == nil {
				return p, false
			}
			return protected{owner: table.Owner, letter: 'c', word: "index", name: x.Name}, true
		}
		p = protected{t.ACL, t.Owner, 'r', desc.AllTable, kindWord(t.Kind), t.Name}
		if t.Kind == desc.Sequence {
			p.letter, p.all = 's', desc.AllSequence
		}
		if t.Kind == desc.Composite {
			p.word = "type"
		}
	case desc.ClassSchema:
		s := r.Schema(o.OID)
		if s == nil {
			return p, false
		}
		p = protected{s.ACL, s.Owner, 'n', desc.AllSchema, "schema", s.Name}
		if strings.HasPrefix(s.Name, tempSchemaPrefix) {
			p.acl = desc.ACL{{Grantor: s.Owner, Privileges: desc.AllSchema}}
		}
	case desc.ClassDatabase:
		d := r.DatabaseByOID(o.OID)
		if d == nil {
			return p, false
		}
		p = protected{d.ACL, d.Owner, 'd', desc.AllDatabase, "database", d.Name}
	case desc.ClassType:
		return typeProtection(r, o.OID)
	default:
		return p, false
	}
	return p, true
}

func typeProtection(r Reader, oid OID) (protected, bool) {
	t := r.Type(oid)
	if t == nil {
		return protected{}, false
	}
	if t.IsArray() {
		t = t.Elem // an array has no privileges of its own
	}
	p := protected{nil, desc.SuperuserOID, 'T', desc.AllType, "type", pgtype.FormatType(t, -1)}
	if u := r.UserType(t.OID); u != nil {
		p.acl, p.owner = u.ACL, u.Owner
	} else if rel := r.Relation(t.Proc.Relation); rel != nil {
		p.owner = rel.Owner
	}
	return p, true
}

// HasPrivilege tells whether a role has all the privileges in want on an object: as superuser, as owner, by a grant to it, to a role that it inherits from, or
// to PUBLIC, or by pg_read_all_data and pg_write_all_data. A column (SubID) has its own grants and those of its table.
func HasPrivilege(r Reader, role OID, o desc.ObjectRef, want desc.Privilege) bool {
	if IsSuperuser(r, role) {
		return true
	}
	return missing(r, role, o, want) == 0
}

// HasAnyColumnPrivilege tells whether a role has all of want on the table, or on at least one of its columns.
func HasAnyColumnPrivilege(r Reader, role OID, table OID, want desc.Privilege) bool {
	o := desc.ObjectRef{Class: desc.ClassRelation, OID: table}
	if HasPrivilege(r, role, o, want) {
		return true
	}
	if t := r.Relation(table); t != nil {
		for i := range t.Columns {
			o.SubID = int32(i + 1)
			if t.Columns[i].ACL != nil && HasPrivilege(r, role, o, want) {
				return true
			}
		}
	}
	return false
}

// missing gives the privileges in want that a role lacks.
func missing(r Reader, role OID, o desc.ObjectRef, want desc.Privilege) desc.Privilege {
	p, ok := protection(r, o)
	if !ok {
		return want
	}
	if p.owner == role && p.acl == nil { // the owner has everything by default
		return want &^ p.all
	}
	has := inherits(r)
	want &^= p.privileges().Privileges(role, want, has)
	if want == 0 {
		return 0
	}
	if o.SubID != 0 {
		if t := r.Relation(o.OID); t != nil {
			if c := t.ColumnByNum(int16(o.SubID)); c != nil {
				want &^= c.ACL.Privileges(role, want, has)
			}
		}
	}
	var reading, writing desc.Privilege
	switch o.Class {
	case desc.ClassRelation:
		reading, writing = desc.Select, desc.Insert|desc.Update|desc.Delete
	case desc.ClassSchema:
		reading, writing = desc.Usage, desc.Usage
	}
	if want&reading != 0 && has(role, readAllData) {
		want &^= reading
	}
	if want&writing != 0 && has(role, writeAllData) {
		want &^= writing
	}
	return want
}

// CheckPrivilege is HasPrivilege as an error: 42501 "permission denied for table t".
func CheckPrivilege(r Reader, role OID, o desc.ObjectRef, want desc.Privilege) error {
	if HasPrivilege(r, role, o, want) {
		return nil
	}
	return denied(r, o)
}

func denied(r Reader, o desc.ObjectRef) error {
	p, ok := protection(r, o)
	if !ok {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied")
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for %s %s", p.word, p.name)
}

// IsOwner tells whether a role owns an object, inherits from its owner, or is a superuser. A role is owned by who may administer it.
func IsOwner(r Reader, role OID, o desc.ObjectRef) bool {
	if o.Class == desc.ClassConstraint {
		if t, _ := r.Constraint(o.OID); t != nil {
			o = desc.ObjectRef{Class: desc.ClassRelation, OID: t.OID}
		}
	}
	p, ok := protection(r, o)
	return ok && HasRole(r, role, p.owner)
}

// CheckOwner is IsOwner as an error: 42501 "must be owner of table t".
func CheckOwner(r Reader, role OID, o desc.ObjectRef) error {
	if IsOwner(r, role, o) {
		return nil
	}
	p, ok := protection(r, o)
	if !ok {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied")
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of %s %s", p.word, p.name)
}
