package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// DefaultGrant is ALTER DEFAULT PRIVILEGES.
type DefaultGrant struct {
	Roles   []OID // FOR ROLE; whose future objects are meant
	Schemas []OID // IN SCHEMA; empty: all
	Object  byte  // 'r' tables, 'S' sequences, 'f' functions, 'T' types, 'n' schemas

	Revoke      bool
	Privileges  desc.Privilege // 0: ALL PRIVILEGES
	Grantees    []OID          // 0: PUBLIC
	GrantOption bool
	Cascade     bool
	Role        OID // who does it: the current user, who must have each of Roles
}

// allOf is what ALL PRIVILEGES means for each letter of DefaultGrant.Object.
var allOf = map[byte]desc.Privilege{'r': desc.AllTable, 'S': desc.AllSequence, 'f': desc.AllFunction, 'T': desc.AllType, 'n': desc.AllSchema}

var objectWords = map[byte]string{'r': "relation", 'S': "sequence", 'f': "function", 'T': "type", 'n': "schema"}

// AlterDefaultPrivileges changes what privileges future objects begin with.
func (t *Txn) AlterDefaultPrivileges(ctx context.Context, g DefaultGrant) error {
	if bad := g.Privileges &^ allOf[g.Object]; bad != 0 {
		return pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for %s", bad&-bad, objectWords[g.Object])
	}
	if g.Object == 'n' && len(g.Schemas) > 0 {
		return pgerr.New(pgerr.InvalidGrantOperation, "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS")
	}
	schemas := g.Schemas
	if len(schemas) == 0 {
		schemas = []OID{0}
	}
	for _, role := range g.Roles {
		if !HasRole(t, g.Role, role) {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to change default privileges")
		}
		for _, schema := range schemas {
			if err := t.changeDefault(ctx, &g, role, schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// defaultKey finds the entry of a role, schema and kind of object; nil when there is none.
func (t *Txn) defaultKey(object byte, role, schema OID) *desc.DefaultACL {
	for a := range t.view.DefaultACLs() {
		if a.Role == role && a.Schema == schema && a.Object == object {
			return a
		}
	}
	return nil
}

// builtinDefault is what an entry starts from: the built-in default for all schemas, nothing for one of them, because its grants come on top.
func builtinDefault(object byte, role, schema OID) desc.ACL {
	if schema != 0 {
		return desc.ACL{}
	}
	return desc.DefaultPrivileges(aclDefaultLetter(object), role)
}

// aclDefaultLetter turns pg_default_acl's letter into acldefault's.
func aclDefaultLetter(object byte) byte {
	if object == 'S' {
		return 's'
	}
	return object
}

func (t *Txn) changeDefault(ctx context.Context, g *DefaultGrant, role, schema OID) error {
	if err := t.lockRole(ctx, role); err != nil {
		return err
	}
	name := string(g.Object) + t.Role(role).Name
	if err := t.lockName(ctx, classDefaultACL, schema, name); err != nil {
		return err
	}
	start := builtinDefault(g.Object, role, schema)
	entry := &desc.DefaultACL{Role: role, Schema: schema, Object: g.Object, ACL: start}
	old := t.defaultKey(g.Object, role, schema)
	if old != nil {
		if err := t.lockDescriptor(ctx, kindDefaultACL, old.OID); err != nil {
			return err
		}
		entry = old.Clone()
	}
	privileges := g.Privileges
	if privileges == 0 {
		privileges = allOf[g.Object]
	}
	grant := &Grant{Revoke: g.Revoke, Grantees: g.Grantees, GrantOption: g.GrantOption, Cascade: g.Cascade, Role: role}
	acl, err := t.mergeACL(grant, &protected{acl: entry.ACL, owner: role}, role, privileges)
	if err != nil {
		return err
	}
	entry.ACL = acl.Sorted()
	if entry.ACL.SameAs(start.Sorted()) {
		if old == nil {
			return nil
		}
		return t.remove(kindDefaultACL, old.OID)
	}
	if err := t.oid(ctx, &entry.OID); err != nil {
		return err
	}
	return t.put(kindDefaultACL, entry.OID, entry)
}

// defaultACL is the ACL that an object begins with by ALTER DEFAULT PRIVILEGES of its owner, nil for the built-in default.
func (t *Txn) defaultACL(object byte, owner, schema OID) desc.ACL {
	if object == 0 {
		return nil
	}
	all := t.defaultKey(object, owner, 0)
	var here *desc.DefaultACL
	if schema != 0 {
		here = t.defaultKey(object, owner, schema)
	}
	if all == nil && here == nil {
		return nil
	}
	builtin := builtinDefault(object, owner, 0)
	acl := builtin
	if all != nil {
		acl = all.ACL.Clone()
	}
	if here != nil {
		for _, i := range here.ACL {
			if next, err := acl.Add(i, owner, inherits(t)); err == nil {
				acl = next
			}
		}
	}
	acl = acl.Sorted()
	if acl.SameAs(builtin.Sorted()) {
		return nil
	}
	return acl
}
