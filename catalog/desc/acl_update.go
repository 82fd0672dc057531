package desc

import (
	"cmp"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Inherits tells whether role has the privileges of group (membership that inherits, or being it).
type Inherits func(role, group OID) bool

// Clone copies the list; nil stays nil.
func (a ACL) Clone() ACL { return slices.Clone(a) }

// DefaultPrivileges is the ACL that an object has before anyone grants anything on it. object is a letter as acldefault takes it: c column, r table, s
// sequence, d database, f function, l language, n schema, T type.
func DefaultPrivileges(object byte, owner OID) ACL {
	var world, own Privilege
	switch object {
	case 'r':
		own = AllTable
	case 's':
		own = AllSequence
	case 'd':
		world, own = Temporary|Connect, AllDatabase
	case 'f':
		world, own = Execute, Execute
	case 'l', 'T':
		world, own = Usage, Usage
	case 'n':
		own = AllSchema
	}
	acl := ACL{}
	if world != 0 {
		acl = append(acl, ACLItem{Grantor: owner, Privileges: world})
	}
	if own != 0 {
		acl = append(acl, ACLItem{Grantee: owner, Grantor: owner, Privileges: own})
	}
	return acl
}

// Privileges gives which of want the role has by the list: granted to it, to a role that it inherits from, or to PUBLIC.
func (a ACL) Privileges(role OID, want Privilege, inherits Inherits) Privilege {
	var have Privilege
	for _, i := range a {
		if i.Privileges&want&^have != 0 && (i.Grantee == 0 || i.Grantee == role || inherits(role, i.Grantee)) {
			have |= i.Privileges & want
		}
	}
	return have
}

// GrantOptions gives which of want the role may grant on. The owner, and who inherits from the owner, may grant all.
func (a ACL) GrantOptions(role, owner OID, want Privilege, inherits Inherits) Privilege {
	if role == owner || inherits(role, owner) {
		return want
	}
	var have Privilege
	for _, i := range a {
		if i.GrantOptions&want&^have != 0 && (i.Grantee == 0 || i.Grantee == role || inherits(role, i.Grantee)) {
			have |= i.GrantOptions & want
		}
	}
	return have
}

// Add grants item's privileges and grant options and returns the new list. 0LP01 when a grant option would go back to who gave it.
func (a ACL) Add(item ACLItem, owner OID, inherits Inherits) (ACL, error) {
	if item.GrantOptions != 0 {
		if item.Grantee == 0 {
			return nil, pgerr.New(pgerr.InvalidGrantOperation, "grant options can only be granted to roles")
		}
		if err := a.checkCircle(item, owner, inherits); err != nil {
			return nil, err
		}
	}
	out, n := a.entry(item)
	out[n].Privileges |= item.Privileges | item.GrantOptions
	out[n].GrantOptions |= item.GrantOptions
	if out[n].Privileges == 0 {
		out = slices.Delete(out, n, n+1)
	}
	return out, nil
}

// Remove revokes item's privileges and grant options and returns the new list. Grants that rest on a lost grant option go too with
// cascade; without it they are an error.
func (a ACL) Remove(item ACLItem, owner OID, cascade bool, inherits Inherits) (ACL, error) {
	out, n := a.entry(item)
	lost := out[n].GrantOptions & item.GrantOptions
	out[n].Privileges &^= item.Privileges
	out[n].GrantOptions &^= item.GrantOptions
	if out[n].Privileges|out[n].GrantOptions == 0 {
		out = slices.Delete(out, n, n+1)
	}
	if lost == 0 {
		return out, nil
	}
	return out.removeDependent(item.Grantee, lost, owner, cascade, inherits)
}

// entry copies the list and finds item's grantee and grantor in it, adding them when they are not there.
func (a ACL) entry(item ACLItem) (ACL, int) {
	out := make(ACL, len(a), len(a)+1)
	copy(out, a)
	for i := range out {
		if out[i].Grantee == item.Grantee && out[i].Grantor == item.Grantor {
			return out, i
		}
	}
	return append(out, ACLItem{Grantee: item.Grantee, Grantor: item.Grantor}), len(a)
}

// removeDependent takes back what role granted by grant options that it no longer has.
func (a ACL) removeDependent(role OID, lost Privilege, owner OID, cascade bool, inherits Inherits) (ACL, error) {
	if role == owner { // an owner never really loses them
		return a, nil
	}
	lost &^= a.GrantOptions(role, owner, lost, inherits)
	for again := lost != 0; again; {
		again = false
		for _, i := range a {
			if i.Grantor != role || i.Privileges&lost == 0 {
				continue
			}
			if !cascade {
				return nil, pgerr.New(pgerr.DependentObjectsStillExist, "dependent privileges exist").WithHint("Use CASCADE to revoke them too.")
			}
			next, err := a.Remove(ACLItem{Grantee: i.Grantee, Grantor: role, Privileges: lost, GrantOptions: lost}, owner, cascade, inherits)
			if err != nil {
				return nil, err
			}
			a, again = next, true
			break
		}
	}
	return a, nil
}

// checkCircle refuses grant options that would end where they came from: without what grantee passed on, the grantor must still have them.
func (a ACL) checkCircle(item ACLItem, owner OID, inherits Inherits) error {
	if item.Grantor == owner {
		return nil
	}
	for again := true; again; {
		again = false
		for _, i := range a {
			if i.Grantee == item.Grantee && i.GrantOptions != 0 {
				next, err := a.Remove(ACLItem{Grantee: i.Grantee, Grantor: i.Grantor, GrantOptions: i.GrantOptions}, owner, true, inherits)
				if err != nil {
					return err
				}
				a, again = next, true
				break
			}
		}
	}
	if item.GrantOptions&^a.GrantOptions(item.Grantor, owner, item.GrantOptions, inherits) != 0 {
		return pgerr.New(pgerr.InvalidGrantOperation, "grant options cannot be granted back to your own grantor")
	}
	return nil
}

// Sorted is the list in the order of grantees, grantors and privileges, PUBLIC first, as default privileges are kept.
func (a ACL) Sorted() ACL {
	a = a.Clone()
	slices.SortFunc(a, func(x, y ACLItem) int {
		return cmp.Or(cmp.Compare(x.Grantee, y.Grantee), cmp.Compare(x.Grantor, y.Grantor), cmp.Compare(x.Privileges, y.Privileges))
	})
	return a
}

// SameAs tells whether two lists hold the same items in the same order.
func (a ACL) SameAs(b ACL) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// NewOwner is the list after the object has gone from one owner to another: what the old one was given and has given is the new one's.
func (a ACL) NewOwner(old, owner OID) ACL {
	if a == nil {
		return nil
	}
	out := make(ACL, 0, len(a))
	for _, i := range a {
		if i.Grantee == old {
			i.Grantee = owner
		}
		if i.Grantor == old {
			i.Grantor = owner
		}
		at := slices.IndexFunc(out, func(o ACLItem) bool { return o.Grantee == i.Grantee && o.Grantor == i.Grantor })
		if at < 0 {
			out = append(out, i)
			continue
		}
		out[at].Privileges |= i.Privileges
		out[at].GrantOptions |= i.GrantOptions
	}
	return out
}
