package catalog

import (
	"context"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// RoleGrant is GRANT or REVOKE of membership in roles.
type RoleGrant struct {
	Revoke   bool
	Roles    []OID // the groups
	Grantees []OID
	// Admin, Inherit and Set are the options of GRANT … WITH; nil is not mentioned. In REVOKE … OPTION FOR the ones that are not nil are taken away and the
	// membership stays.
	Admin, Inherit, Set *bool
	Cascade             bool
	GrantedBy           OID // 0: chosen
	Role                OID // who does it: the current user
}

// GrantRole changes memberships.
func (t *Txn) GrantRole(ctx context.Context, g RoleGrant) (notices []*pgerr.Error, err error) {
	for _, group := range g.Roles {
		grantor, err := t.roleGrantor(&g, group)
		if err != nil {
			return nil, err
		}
		for _, member := range g.Grantees {
			var n *pgerr.Error
			if g.Revoke {
				n, err = t.revokeMembership(ctx, &g, group, member, grantor)
			} else {
				n, err = t.grantMembership(ctx, &g, group, member, grantor)
			}
			if err != nil {
				return nil, err
			}
			if n != nil {
				notices = append(notices, n)
			}
		}
	}
	return notices, nil
}

// roleGrantor checks that the current user may give or take membership in group, and chooses in whose name.
func (t *Txn) roleGrantor(g *RoleGrant, group OID) (OID, error) {
	role := t.Role(group)
	if role == nil {
		return 0, pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", group)
	}
	verb := "grant"
	if g.Revoke {
		verb = "revoke"
	}
	switch {
	case group == desc.PgDatabaseOwnerOID && !g.Revoke:
		return 0, pgerr.Newf(pgerr.InvalidGrantOperation, "role \"%s\" cannot have explicit members", role.Name)
	case role.Super && !IsSuperuser(t, g.Role):
		return 0, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to %s role \"%s\"", verb, role.Name).
			WithDetail("Only roles with the SUPERUSER attribute may %s roles with the SUPERUSER attribute.", verb)
	case !IsAdminOf(t, g.Role, group):
		return 0, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to %s role \"%s\"", verb, role.Name).
			WithDetail("Only roles with the ADMIN option on role \"%s\" may %s this role.", role.Name, verb)
	case g.GrantedBy != 0:
		return g.GrantedBy, nil
	case IsSuperuser(t, g.Role):
		return desc.SuperuserOID, nil
	}
	return bestAdmin(t, g.Role, group), nil
}

func find(members []desc.Membership, group, grantor OID) int {
	return slices.IndexFunc(members, func(m desc.Membership) bool { return m.Role == group && m.Grantor == grantor })
}

func (t *Txn) grantMembership(ctx context.Context, g *RoleGrant, group, member, grantor OID) (*pgerr.Error, error) {
	if err := t.lockRole(ctx, group); err != nil {
		return nil, err
	}
	role, m := t.Role(group), t.Role(member)
	switch {
	case m == nil:
		return nil, pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", member)
	case member == desc.PgDatabaseOwnerOID:
		return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "role \"%s\" cannot be a member of any role", m.Name)
	case reaches(t, group, member, anyMembership):
		return nil, pgerr.Newf(pgerr.InvalidGrantOperation, "role \"%s\" is a member of role \"%s\"", role.Name, m.Name)
	}
	old := desc.Membership{Role: group, Grantor: grantor, Inherit: m.Inherit, Set: true}
	at := find(m.Members, group, grantor)
	if at >= 0 {
		old = m.Members[at]
	}
	next := old
	setOption(&next.Admin, g.Admin)
	setOption(&next.Inherit, g.Inherit)
	setOption(&next.Set, g.Set)
	if next.Admin && grantor != desc.SuperuserOID && !t.adminWithout(group, grantor, member) {
		return nil, pgerr.New(pgerr.InvalidGrantOperation, "ADMIN option cannot be granted back to your own grantor")
	}
	if at >= 0 && next == old {
		return pgerr.Notice("NOTICE", pgerr.SuccessfulCompletion, "role \"%s\" has already been granted membership in role \"%s\" by role \"%s\"",
			m.Name, role.Name, t.Role(grantor).Name), nil
	}
	if err := t.oid(ctx, &next.OID); err != nil {
		return nil, err
	}
	_, err := t.alterRole(ctx, member, func(r *desc.Role) error {
		if at := find(r.Members, group, grantor); at >= 0 {
			r.Members[at] = next
		} else {
			r.Members = append(r.Members, next)
		}
		return nil
	})
	return nil, err
}

// adminWithout tells whether role would have the ADMIN option on group still if without had never got it nor passed it on.
func (t *Txn) adminWithout(group, role, without OID) bool {
	lost := map[OID]bool{without: true}
	for again := true; again; {
		again = false
		for r := range t.view.Roles() {
			if lost[r.OID] || !isAdmin(r, group, nil) || isAdmin(r, group, lost) {
				continue
			}
			lost[r.OID], again = true, true
		}
	}
	return !lost[role]
}

// isAdmin tells whether a role has the ADMIN option on group from a grantor that is not among the lost ones.
func isAdmin(r *desc.Role, group OID, lost map[OID]bool) bool {
	return slices.ContainsFunc(r.Members, func(m desc.Membership) bool { return m.Role == group && m.Admin && !lost[m.Grantor] })
}

func setOption(into, option *bool) {
	if option != nil {
		*into = *option
	}
}

func (t *Txn) revokeMembership(ctx context.Context, g *RoleGrant, group, member, grantor OID) (*pgerr.Error, error) {
	m := t.Role(member)
	if m == nil {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", member)
	}
	at := find(m.Members, group, grantor)
	if at < 0 {
		return pgerr.Notice("WARNING", pgerr.Warning, "role \"%s\" has not been granted membership in role \"%s\" by role \"%s\"",
			m.Name, t.Role(group).Name, t.Role(grantor).Name), nil
	}
	whole := g.Admin == nil && g.Inherit == nil && g.Set == nil
	_, err := t.alterRole(ctx, member, func(r *desc.Role) error {
		at := find(r.Members, group, grantor)
		switch {
		case at < 0:
		case whole:
			r.Members = slices.Delete(r.Members, at, at+1)
		default:
			x := &r.Members[at]
			x.Admin, x.Inherit, x.Set = x.Admin && g.Admin == nil, x.Inherit && g.Inherit == nil, x.Set && g.Set == nil
		}
		return nil
	})
	if err != nil || !m.Members[at].Admin || !whole && g.Admin == nil {
		return nil, err
	}
	return nil, t.revokeDependent(ctx, group, member, g.Cascade)
}

// revokeDependent takes back the memberships in group that member gave by an ADMIN option which it has no more.
func (t *Txn) revokeDependent(ctx context.Context, group, member OID, cascade bool) error {
	if bestAdmin(t, member, group) == member {
		return nil
	}
	for r := range t.view.Roles() {
		at := find(r.Members, group, member)
		if at < 0 {
			continue
		}
		if !cascade {
			return pgerr.New(pgerr.DependentObjectsStillExist, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
		}
		admin := r.Members[at].Admin
		_, err := t.alterRole(ctx, r.OID, func(r *desc.Role) error {
			r.Members = slices.DeleteFunc(r.Members, func(m desc.Membership) bool { return m.Role == group && m.Grantor == member })
			return nil
		})
		if err != nil {
			return err
		}
		if admin {
			if err := t.revokeDependent(ctx, group, r.OID, true); err != nil {
				return err
			}
		}
	}
	return nil
}
