package catalog

import (
	"context"
	"math/bits"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// Grant is GRANT or REVOKE of privileges on objects of one kind.
type Grant struct {
	Revoke      bool
	Objects     []desc.ObjectRef // relations, columns (SubID), schemas, databases, types
	Privileges  desc.Privilege   // 0: ALL PRIVILEGES
	Grantees    []OID            // 0: PUBLIC
	GrantOption bool             // WITH GRANT OPTION; in REVOKE: GRANT OPTION FOR
	Cascade     bool             // of REVOKE
	Role        OID              // who does it: the current user
}

// Grant changes the objects' ACLs. Who may, is checked: the owner and holders of grant options; for others 42501, or warnings where some
// privileges could not be given or taken.
func (t *Txn) Grant(ctx context.Context, g Grant) (notices []*pgerr.Error, err error) {
	for _, o := range g.Objects {
		n, err := t.grantOn(ctx, &g, o)
		if err != nil {
			return nil, err
		}
		notices = append(notices, n...)
	}
	return notices, nil
}

func (t *Txn) grantOn(ctx context.Context, g *Grant, o desc.ObjectRef) (notices []*pgerr.Error, err error) {
	for _, role := range g.Grantees {
		if role != 0 {
			if err := t.lockRole(ctx, role); err != nil {
				return nil, err
			}
		}
	}
	apply := func(acl desc.ACL) (desc.ACL, error) {
		p, ok := protection(t, o)
		if !ok {
			return nil, pgerr.New(pgerr.UndefinedObject, "object does not exist")
		}
		p.acl = acl
		out, notice, err := t.changeACL(g, o, &p)
		if notice != nil {
			notices = append(notices, notice)
		}
		return out, err
	}
	switch o.Class {
	case desc.ClassRelation:
		if r := t.Relation(o.OID); r != nil && r.Class == desc.System {
			return nil, pgerr.Unsupported("changing privileges on system relations")
		}
		_, err = t.AlterRelation(ctx, o.OID, func(r *desc.Relation) error { return t.grantOnRelation(g, o, r, apply) })
	case desc.ClassSchema:
		_, err = t.AlterSchema(ctx, o.OID, func(s *desc.Schema) (err error) { s.ACL, err = apply(s.ACL); return err })
	case desc.ClassDatabase:
		_, err = t.AlterDatabase(ctx, o.OID, func(d *desc.Database) (err error) { d.ACL, err = apply(d.ACL); return err })
	case desc.ClassType:
		_, err = t.AlterType(ctx, o.OID, func(u *desc.UserType) (err error) { u.ACL, err = apply(u.ACL); return err })
	default:
		err = pgerr.Unsupported("GRANT on objects of this kind")
	}
	return notices, err
}

func (t *Txn) grantOnRelation(g *Grant, o desc.ObjectRef, r *desc.Relation, apply func(desc.ACL) (desc.ACL, error)) error {
	var err error
	if o.SubID != 0 {
		c := &r.Columns[o.SubID-1]
		c.ACL, err = apply(c.ACL)
		return err
	}
	if r.ACL, err = apply(r.ACL); err != nil || !g.Revoke {
		return err
	}
	for i := range r.Columns { // what is revoked of the table is revoked of its columns
		c := &r.Columns[i]
		if c.ACL == nil {
			continue
		}
		col := *g
		if col.Privileges == 0 {
			col.Privileges = desc.AllColumn
		}
		if col.Privileges &= desc.AllColumn; col.Privileges == 0 {
			continue
		}
		p := protected{acl: c.ACL, owner: r.Owner, letter: 'c', all: desc.AllColumn, name: r.Name}
		grantor, options := t.grantor(g.Role, p.owner, col.Privileges, append(r.ACL.Clone(), c.ACL...))
		if c.ACL, err = t.mergeACL(&col, &p, grantor, col.Privileges&options); err != nil {
			return err
		}
		if len(c.ACL) == 0 {
			c.ACL = nil
		}
	}
	return nil
}

// changeACL gives an object's new ACL and the warning when not everything could be done.
func (t *Txn) changeACL(g *Grant, o desc.ObjectRef, p *protected) (desc.ACL, *pgerr.Error, error) {
	all, what := p.all, p.word
	relevant := p.privileges()
	if o.SubID != 0 {
		all, what = desc.AllColumn, "column"
		table := t.Relation(o.OID)
		whole, _ := protection(t, desc.ObjectRef{Class: o.Class, OID: o.OID})
		relevant = append(whole.privileges().Clone(), p.acl...)
		p.letter, p.owner = 'c', table.Owner
	}
	want := g.Privileges
	if want == 0 {
		want = all
	}
	if bad := want &^ all; bad != 0 {
		if what != "sequence" && o.Class == desc.ClassRelation && o.SubID == 0 {
			what = "table"
		}
		return nil, nil, pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for %s", bad&-bad, what)
	}
	grantor, options := t.grantor(g.Role, p.owner, want, relevant)
	if options == 0 && relevant.Privileges(grantor, all, inherits(t)) == 0 && !IsSuperuser(t, grantor) {
		return nil, nil, denied(t, o)
	}
	may := want & options
	acl, err := t.mergeACL(g, p, grantor, may)
	if err != nil {
		return nil, nil, err
	}
	if o.SubID != 0 && len(acl) == 0 {
		acl = nil
	}
	return acl, t.grantWarning(g, o, p, want, may), nil
}

// grantor chooses in whose name a role grants: the owner's when it has the owner's privileges, else that of the role with most of the grant options.
func (t *Txn) grantor(role, owner OID, want desc.Privilege, acl desc.ACL) (OID, desc.Privilege) {
	if role == owner || IsSuperuser(t, role) {
		return owner, want
	}
	best, have := role, desc.Privilege(0)
	for _, r := range rolesOf(t, role, inheriting) {
		if r == owner {
			return r, want
		}
		var options desc.Privilege
		for _, i := range acl {
			if i.Grantee == r {
				options |= i.GrantOptions & want
			}
		}
		if bits.OnesCount32(uint32(options)) > bits.OnesCount32(uint32(have)) {
			best, have = r, options
		}
	}
	return best, have
}

func (t *Txn) mergeACL(g *Grant, p *protected, grantor OID, privileges desc.Privilege) (desc.ACL, error) {
	acl := p.privileges()
	for _, grantee := range g.Grantees {
		item := desc.ACLItem{Grantee: grantee, Grantor: grantor}
		if !g.Revoke || !g.GrantOption {
			item.Privileges = privileges
		}
		if g.Revoke || g.GrantOption {
			item.GrantOptions = privileges
		}
		var err error
		if g.Revoke {
			acl, err = acl.Remove(item, p.owner, g.Cascade, inherits(t))
		} else {
			acl, err = acl.Add(item, p.owner, inherits(t))
		}
		if err != nil {
			return nil, err
		}
	}
	return acl, nil
}

// grantWarning says that some or all of the privileges were out of the grantor's reach; nil when none was.
func (t *Txn) grantWarning(g *Grant, o desc.ObjectRef, p *protected, want, may desc.Privilege) *pgerr.Error {
	if may == want || may != 0 && g.Privileges == 0 {
		return nil
	}
	code, text := pgerr.WarningPrivilegeNotGranted, "privileges were granted"
	if g.Revoke {
		code, text = pgerr.WarningPrivilegeNotRevoked, "privileges could be revoked"
	}
	if may == 0 {
		text = "no " + text
	} else {
		text = "not all " + text
	}
	if o.SubID != 0 {
		column := t.Relation(o.OID).Columns[o.SubID-1].Name
		return pgerr.Notice("WARNING", code, "%s for column \"%s\" of relation \"%s\"", text, column, p.name)
	}
	return pgerr.Notice("WARNING", code, "%s for \"%s\"", text, p.name)
}
