package catalog

import (
	"cmp"
	"iter"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// shared is what all databases of a server have in common.
type shared struct {
	databases     tree[OID, *desc.Database]
	databaseNames tree[string, OID]
	roles         tree[OID, *desc.Role]
	roleNames     tree[string, OID]
	comments      tree[desc.ObjectRef, string] // on roles and databases
}

func newShared() shared {
	var s shared
	s.databases.cmp, s.databaseNames.cmp = cmp.Compare[OID], strings.Compare
	s.roles.cmp, s.roleNames.cmp = cmp.Compare[OID], strings.Compare
	s.comments.cmp = compareRefs
	return s
}

func (s *shared) putDatabase(d *desc.Database) {
	if old := s.databases.at(d.OID); old != nil {
		s.databaseNames.delete(old.Name)
	}
	s.databases.set(d.OID, d)
	s.databaseNames.set(d.Name, d.OID)
}

func (s *shared) removeDatabase(oid OID) {
	if old := s.databases.at(oid); old != nil {
		s.databaseNames.delete(old.Name)
		s.databases.delete(oid)
	}
}

func (s *shared) putRole(r *desc.Role) {
	if old := s.roles.at(r.OID); old != nil {
		s.roleNames.delete(old.Name)
	}
	s.roles.set(r.OID, r)
	s.roleNames.set(r.Name, r.OID)
}

func (s *shared) removeRole(oid OID) {
	if old := s.roles.at(oid); old != nil {
		s.roleNames.delete(old.Name)
		s.roles.delete(oid)
	}
}

// view answers Reader's questions from a database's contents and the shared part. Snapshot and Txn are views.
type view struct {
	version  uint64
	database OID
	shared   shared
	contents contents
}

// Snapshot is one database's catalog as of one commit. It never changes.
type Snapshot struct{ view }

var (
	_ Reader = (*Snapshot)(nil)
	_ Reader = (*Txn)(nil)
)

// Version implements Reader.
func (v *view) Version() uint64 { return v.version }

// Database implements Reader.
func (v *view) Database() *desc.Database { return v.shared.databases.at(v.database) }

// DatabaseByName implements Reader.
func (v *view) DatabaseByName(name string) *desc.Database {
	return v.shared.databases.at(v.shared.databaseNames.at(name))
}

// DatabaseByOID implements Reader.
func (v *view) DatabaseByOID(oid OID) *desc.Database { return v.shared.databases.at(oid) }

// Databases implements Reader.
func (v *view) Databases() iter.Seq[*desc.Database] { return v.shared.databases.values() }

// Role implements Reader.
func (v *view) Role(oid OID) *desc.Role { return v.shared.roles.at(oid) }

// RoleByName implements Reader.
func (v *view) RoleByName(name string) *desc.Role {
	return v.shared.roles.at(v.shared.roleNames.at(name))
}

// Roles implements Reader.
func (v *view) Roles() iter.Seq[*desc.Role] { return v.shared.roles.values() }

// Schema implements Reader.
func (v *view) Schema(oid OID) *desc.Schema { return v.contents.schemas.at(oid) }

// SchemaByName implements Reader.
func (v *view) SchemaByName(name string) *desc.Schema {
	return v.contents.schemas.at(v.contents.schemaNames.at(name))
}

// Schemas implements Reader.
func (v *view) Schemas() iter.Seq[*desc.Schema] { return v.contents.schemas.values() }

// Relation implements Reader.
func (v *view) Relation(oid OID) *desc.Relation { return v.contents.relations.at(oid) }

// RelationByName implements Reader.
func (v *view) RelationByName(schema OID, name string) *desc.Relation {
	n, ok := v.contents.relNames.get(nameKey{schema, name})
	if !ok || n.index != 0 {
		return nil
	}
	return v.contents.relations.at(n.relation)
}

// Relations implements Reader.
func (v *view) Relations() iter.Seq[*desc.Relation] { return v.contents.relations.values() }

// RelationsIn implements Reader.
func (v *view) RelationsIn(schema OID) iter.Seq[*desc.Relation] {
	return func(yield func(*desc.Relation) bool) {
		for k, n := range v.contents.relNames.from(nameKey{schema, ""}) {
			if k.schema != schema {
				return
			}
			if n.index == 0 && !yield(v.contents.relations.at(n.relation)) {
				return
			}
		}
	}
}

// Index implements Reader.
func (v *view) Index(oid OID) (*desc.Relation, *desc.Index) {
	t := v.contents.relations.at(v.contents.indexes.at(oid))
	if t == nil {
		return nil, nil
	}
	return t, t.Index(oid)
}

// IndexByName implements Reader.
func (v *view) IndexByName(schema OID, name string) (*desc.Relation, *desc.Index) {
	n := v.contents.relNames.at(nameKey{schema, name})
	if n.index == 0 {
		return nil, nil
	}
	return v.Index(n.index)
}

// Constraint implements Reader.
func (v *view) Constraint(oid OID) (*desc.Relation, *desc.Constraint) {
	t := v.contents.relations.at(v.contents.constraints.at(oid))
	if t == nil {
		return nil, nil
	}
	return t, t.Constraint(oid)
}

// Referencing implements Reader.
func (v *view) Referencing(table OID) []*desc.Relation {
	var out []*desc.Relation
	for _, oid := range v.contents.users(table) {
		r := v.contents.relations.at(oid)
		if r == nil {
			continue
		}
		for i := range r.Constraints {
			if r.Constraints[i].Type == 'f' && r.Constraints[i].RefTable == table {
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// Type implements Reader.
func (v *view) Type(oid OID) *pgtype.Type { return v.contents.typeByOID(oid) }

// TypeByName implements Reader.
func (v *view) TypeByName(schema OID, name string) *pgtype.Type {
	if t := v.contents.builtinByName(schema, name); t != nil {
		return t
	}
	if oid := v.contents.typeNames.at(nameKey{schema, name}); oid != 0 {
		return v.contents.typeByOID(oid)
	}
	return nil
}

// UserType implements Reader.
func (v *view) UserType(oid OID) *desc.UserType { return v.contents.userTypes.at(oid) }

// UserTypes implements Reader.
func (v *view) UserTypes() iter.Seq[*desc.UserType] { return v.contents.userTypes.values() }

// Comment implements Reader.
func (v *view) Comment(o desc.ObjectRef) (string, bool) {
	if isShared(o.Class) {
		return v.shared.comments.get(o)
	}
	return v.contents.comments.get(o)
}

// Comments implements Reader.
func (v *view) Comments() iter.Seq[desc.Comment] {
	return func(yield func(desc.Comment) bool) {
		for _, m := range []tree[desc.ObjectRef, string]{v.contents.comments, v.shared.comments} {
			for o, text := range m.all() {
				if !yield(desc.Comment{Object: o, Text: text}) {
					return
				}
			}
		}
	}
}

// DefaultACLs implements Reader.
func (v *view) DefaultACLs() iter.Seq[*desc.DefaultACL] { return v.contents.defaultACLs.values() }

// isShared tells which catalogs hold objects of the whole server.
func isShared(class OID) bool { return class == desc.ClassRole || class == desc.ClassDatabase }
