package builtin

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
)

// Predefined roles that stand for privileges on every table.
const (
	roleDatabaseOwner desc.OID = 6171
	roleReadAllData   desc.OID = 6181
	roleWriteAllData  desc.OID = 6182
)

// roleGraph answers who is a member of whom.
type roleGraph struct{ r catalog.Reader }

// reach tells whether group can be reached from role over the memberships that follow accepts.
func (g roleGraph) reach(role, group desc.OID, follow func(desc.Membership) bool) bool {
	seen := map[desc.OID]bool{}
	var walk func(desc.OID) bool
	walk = func(o desc.OID) bool {
		if o == group {
			return true
		}
		if seen[o] {
			return false
		}
		seen[o] = true
		if d := g.r.Database(); group == roleDatabaseOwner && d != nil && d.Owner == o {
			return true
		}
		x := g.r.Role(o)
		if x == nil {
			return false
		}
		for _, m := range x.Members {
			if follow(m) && walk(m.Role) {
				return true
			}
		}
		return false
	}
	return walk(role)
}

func (g roleGraph) super(role desc.OID) bool {
	x := g.r.Role(role)
	return role == desc.SuperuserOID || x != nil && x.Super
}

// inherits tells whether role has group's privileges without SET ROLE.
func (g roleGraph) inherits(role, group desc.OID) bool {
	return g.super(role) || g.inheritsAsRole(role, group)
}

// inheritsAsRole is inherits without regard to superusers, as grants are looked up.
func (g roleGraph) inheritsAsRole(role, group desc.OID) bool {
	return g.reach(role, group, func(m desc.Membership) bool { return m.Inherit })
}

// member tells whether role is a member of group, by any path.
func (g roleGraph) member(role, group desc.OID) bool {
	return g.super(role) || g.reach(role, group, func(desc.Membership) bool { return true })
}

// canSet tells whether role may SET ROLE to group.
func (g roleGraph) canSet(role, group desc.OID) bool {
	return g.super(role) || g.reach(role, group, func(m desc.Membership) bool { return m.Set })
}

// admin tells whether role may grant group.
func (g roleGraph) admin(role, group desc.OID) bool {
	if g.super(role) {
		return true
	}
	if role == group {
		return false
	}
	admin := false
	g.reach(role, 0, func(m desc.Membership) bool {
		admin = admin || m.Role == group && m.Admin
		return true
	})
	return admin
}
