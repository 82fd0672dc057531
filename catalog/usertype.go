package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// CreateType adds an enum or a domain and fills in the OIDs of the type, its array type, labels and constraints, and the labels' order. A composite
// type is made by CreateRelation.
func (t *Txn) CreateType(ctx context.Context, u *desc.UserType) error {
	if err := t.checkHome(&desc.Relation{Schema: u.Schema, Name: u.Name}); err != nil {
		return err
	}
	if err := t.lockSchema(ctx, u.Schema); err != nil {
		return err
	}
	if err := t.lockRole(ctx, u.Owner); err != nil {
		return err
	}
	if err := t.nameType(ctx, nil, u); err != nil {
		return err
	}
	if err := t.numberType(ctx, u); err != nil {
		return err
	}
	if u.ACL == nil {
		u.ACL = t.defaultACL('T', u.Owner, u.Schema)
	}
	if err := t.lockTypes(ctx, &desc.Relation{Columns: []desc.Column{{Type: u.Base}}}); err != nil {
		return err
	}
	return t.put(kindType, u.OID, u)
}

func (t *Txn) nameType(ctx context.Context, old, u *desc.UserType) error {
	if old != nil && old.Name == u.Name && old.Schema == u.Schema {
		return t.checkDomainConstraints(u)
	}
	if err := t.checkTypeName(ctx, u.Schema, u.Name, u.OID); err != nil {
		return err
	}
	var err error
	if u.ArrayName, err = t.chooseArrayName(ctx, u.Schema, u.Name, u.ArrayOID); err != nil {
		return err
	}
	return t.checkDomainConstraints(u)
}

func (t *Txn) checkDomainConstraints(u *desc.UserType) error {
	seen := make(map[string]bool)
	for i := range u.Constraints {
		n := u.Constraints[i].Name
		if seen[n] {
			return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", n, u.Name)
		}
		seen[n] = true
	}
	return nil
}

func (t *Txn) numberType(ctx context.Context, u *desc.UserType) error {
	ids := []*OID{&u.ArrayOID, &u.OID}
	sorted := true
	for i := range u.Labels {
		ids = append(ids, &u.Labels[i].OID)
		sorted = sorted && u.Labels[i].Sort != 0
	}
	for i := range u.Constraints {
		ids = append(ids, &u.Constraints[i].OID)
	}
	for _, id := range ids {
		if err := t.oid(ctx, id); err != nil {
			return err
		}
	}
	for i := range u.Labels {
		if !sorted {
			u.Labels[i].Sort = float32(i + 1)
		}
	}
	return nil
}

// AlterType changes a user type: name, schema, owner, labels, constraints. A composite's name, schema and owner are changed through its relation.
func (t *Txn) AlterType(ctx context.Context, oid OID, edit func(*desc.UserType) error) (*desc.UserType, error) {
	if err := t.lockDescriptor(ctx, kindType, oid); err != nil {
		return nil, err
	}
	old := t.UserType(oid)
	if old == nil {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
	}
	u := old.Clone()
	if err := edit(u); err != nil {
		return nil, err
	}
	if u.Owner != old.Owner {
		if err := t.lockRole(ctx, u.Owner); err != nil {
			return nil, err
		}
		u.ACL = u.ACL.NewOwner(old.Owner, u.Owner)
	}
	if u.Schema != old.Schema {
		if err := t.lockSchema(ctx, u.Schema); err != nil {
			return nil, err
		}
	}
	if u.Kind == pgtype.KindComposite {
		if err := t.put(kindType, oid, u); err != nil {
			return nil, err
		}
		_, err := t.AlterRelation(ctx, u.Relation, func(r *desc.Relation) error {
			r.Name, r.Schema, r.Owner = u.Name, u.Schema, u.Owner
			return nil
		})
		return t.UserType(oid), err
	}
	if err := t.nameType(ctx, old, u); err != nil {
		return nil, err
	}
	if err := t.numberType(ctx, u); err != nil {
		return nil, err
	}
	return u, t.put(kindType, oid, u)
}
