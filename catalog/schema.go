package catalog

import (
	"context"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// tempSchemaPrefix begins the names of the schemas of temporary relations.
const tempSchemaPrefix = "pg_temp_"

// CreateSchema adds a schema: 42P06 when the name is taken, 42939 when it is reserved.
func (t *Txn) CreateSchema(ctx context.Context, s *desc.Schema) error {
	if err := t.checkSchemaName(ctx, s.Name); err != nil {
		return err
	}
	if err := t.lockRole(ctx, s.Owner); err != nil {
		return err
	}
	if err := t.oid(ctx, &s.OID); err != nil {
		return err
	}
	if s.ACL == nil {
		s.ACL = t.defaultACL('n', s.Owner, 0)
	}
	s.CreatedAt = t.catalog.now()
	s.UpdatedAt = s.CreatedAt
	return t.put(kindSchema, s.OID, s)
}

// CreateTempSchema adds the schema of a session's temporary relations, or gives it when it is there.
func (t *Txn) CreateTempSchema(ctx context.Context, session int32) (*desc.Schema, error) {
	name := tempSchemaPrefix + strconv.Itoa(int(session))
	if s := t.SchemaByName(name); s != nil {
		return s, nil
	}
	t.hidden = true
	defer func() { t.hidden = false }()
	s := &desc.Schema{Name: name, Owner: desc.SuperuserOID}
	return s, t.CreateSchema(ctx, s)
}

func (t *Txn) checkSchemaName(ctx context.Context, name string) error {
	if strings.HasPrefix(name, "pg_") && !t.hidden {
		return pgerr.Newf(pgerr.ReservedName, "unacceptable schema name \"%s\"", name).WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	}
	if err := t.lockName(ctx, desc.ClassSchema, 0, name); err != nil {
		return err
	}
	if t.SchemaByName(name) != nil {
		return pgerr.Newf(pgerr.DuplicateSchema, "schema \"%s\" already exists", name)
	}
	return nil
}

// AlterSchema changes a schema: name, owner, options.
func (t *Txn) AlterSchema(ctx context.Context, oid OID, edit func(*desc.Schema) error) (*desc.Schema, error) {
	if err := t.lockDescriptor(ctx, kindSchema, oid); err != nil {
		return nil, err
	}
	old := t.Schema(oid)
	if old == nil {
		return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema with OID %d does not exist", oid)
	}
	s := old.Clone()
	if err := edit(s); err != nil {
		return nil, err
	}
	if s.Name != old.Name {
		if err := t.checkSchemaName(ctx, s.Name); err != nil {
			return nil, err
		}
	}
	if s.Owner != old.Owner {
		if err := t.lockRole(ctx, s.Owner); err != nil {
			return nil, err
		}
		s.ACL = s.ACL.NewOwner(old.Owner, s.Owner)
	}
	s.UpdatedAt = t.catalog.now()
	return s, t.put(kindSchema, oid, s)
}

// lockSchema keeps a schema from being dropped while something is made in it.
func (t *Txn) lockSchema(ctx context.Context, oid OID) error {
	if t.Schema(oid) != nil {
		if err := t.lockObject(ctx, desc.ClassSchema, oid, kv.AccessShare, Wait{}); err != nil {
			return err
		}
	}
	if t.Schema(oid) == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema with OID %d does not exist", oid)
	}
	return nil
}

// lockRole keeps a role from being dropped while something is given to it.
func (t *Txn) lockRole(ctx context.Context, oid OID) error {
	if oid < desc.FirstNormalOID {
		return nil // built-in roles cannot be dropped
	}
	if err := t.lockObject(ctx, desc.ClassRole, oid, kv.AccessShare, Wait{}); err != nil {
		return err
	}
	if t.Role(oid) == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "role with OID %d does not exist", oid)
	}
	return nil
}
