package catalog

import (
	"context"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// CreateRelation adds a table with its indexes and constraints, a view, a sequence or a composite type (whose desc.UserType it adds
// too). It fills in what is 0 or empty: OIDs (a foreign key to table 0 is one to the table itself), storage ids, column numbers, version, times, and the ACL that ALTER DEFAULT PRIVILEGES gives. Names are checked: 42P07 and 42710. The
// transaction holds the new relation's AccessExclusive lock.
func (t *Txn) CreateRelation(ctx context.Context, r *desc.Relation) error {
	if err := t.checkHome(r); err != nil {
		return err
	}
	if err := t.lockSchema(ctx, r.Schema); err != nil {
		return err
	}
	if err := t.lockRole(ctx, r.Owner); err != nil {
		return err
	}
	if err := t.nameRelation(ctx, nil, r); err != nil {
		return err
	}
	if r.Class == 0 {
		r.Class = desc.Shared
	}
	if r.Persistence == 0 {
		r.Persistence = 'p'
	}
	if err := t.number(ctx, r); err != nil {
		return err
	}
	if r.Kind == desc.Sequence && r.SequenceState == (desc.SequenceState{}) && r.SequenceDef != nil {
		r.SequenceState.Last = r.SequenceDef.Start
	}
	if r.ACL == nil {
		r.ACL = t.defaultACL(aclLetter(r.Kind), r.Owner, r.Schema)
	}
	r.Version, r.Revision = 1, 1
	r.CreatedAt = t.catalog.now()
	r.UpdatedAt = r.CreatedAt
	if err := t.lockTypes(ctx, r); err != nil {
		return err
	}
	if _, err := t.lockNew(ctx, r.OID); err != nil {
		return err
	}
	if err := t.put(kindRelation, r.OID, r); err != nil {
		return err
	}
	if err := t.tableChanged(ctx, nil, r); err != nil {
		return err
	}
	return t.syncComposite(r)
}

func (t *Txn) tableChanged(ctx context.Context, old, r *desc.Relation) error {
	if r.Kind != desc.Table || old != nil && old.Version == r.Version {
		return nil
	}
	for _, w := range t.catalog.watchers {
		if err := w.TableChanged(ctx, t, old, r); err != nil {
			return err
		}
	}
	return nil
}

// aclLetter is the letter of a relation's kind in pg_default_acl; 0 for kinds without privileges of their own.
func aclLetter(k desc.RelKind) byte {
	switch k {
	case desc.Table, desc.View, desc.MatView:
		return 'r'
	case desc.Sequence:
		return 'S'
	}
	return 0
}

// checkHome refuses to put anything into the schemas of the system.
func (t *Txn) checkHome(r *desc.Relation) error {
	switch r.Schema {
	case desc.PgCatalogOID, desc.PgToastOID, desc.SystemSchemaOID, desc.KalamSchemaOID:
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to create \"%s.%s\"", t.contents.schemaName(r.Schema), r.Name).
			WithDetail("System catalog modifications are currently disallowed.")
	}
	return nil
}

func (t *Txn) lockNew(ctx context.Context, oid OID) (bool, error) {
	return true, t.lockObject(ctx, desc.ClassRelation, oid, kv.AccessExclusive, Wait{})
}

// lockTypes keeps the user types of the columns from being dropped.
func (t *Txn) lockTypes(ctx context.Context, r *desc.Relation) error {
	for i := range r.Columns {
		oid := r.Columns[i].Type
		if r.Columns[i].Dropped || oid < desc.FirstNormalOID {
			continue
		}
		if l := t.contents.types.at(oid); l != nil && l.elem != 0 {
			oid = l.elem
		}
		if err := t.lockObject(ctx, desc.ClassType, oid, kv.AccessShare, Wait{}); err != nil {
			return err
		}
		if t.contents.types.at(oid) == nil {
			return pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
		}
	}
	return nil
}

// nameRelation reserves and checks the names that a relation has and old (nil: none) had not.
func (t *Txn) nameRelation(ctx context.Context, old, r *desc.Relation) error {
	moved := old == nil || old.Schema != r.Schema
	if moved || old.Name != r.Name {
		if err := t.checkRelationName(ctx, r.Schema, r.Name); err != nil {
			return err
		}
		if hasRowType(r.Kind) {
			if err := t.nameRowType(ctx, old, r); err != nil {
				return err
			}
		}
	}
	seen := map[string]bool{r.Name: true}
	for i := range r.Indexes {
		x := &r.Indexes[i]
		if seen[x.Name] {
			return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", x.Name)
		}
		seen[x.Name] = true
		if !moved && x.OID != 0 {
			if was := old.Index(x.OID); was != nil && was.Name == x.Name {
				continue
			}
		}
		if err := t.checkRelationName(ctx, r.Schema, x.Name); err != nil {
			return err
		}
	}
	names := make(map[string]bool, len(r.Constraints))
	for i := range r.Constraints {
		n := r.Constraints[i].Name
		if names[n] {
			return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", n, r.Name).WithTable(t.contents.schemaName(r.Schema), r.Name)
		}
		names[n] = true
	}
	return nil
}

func (t *Txn) checkRelationName(ctx context.Context, schema OID, name string) error {
	if err := t.lockName(ctx, desc.ClassRelation, schema, name); err != nil {
		return err
	}
	if t.contents.relNames.has(nameKey{schema, name}) {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	}
	return nil
}

func hasRowType(k desc.RelKind) bool {
	return k == desc.Table || k == desc.View || k == desc.MatView || k == desc.Composite
}

// nameRowType checks that the row type can have the relation's name and chooses the array type's.
func (t *Txn) nameRowType(ctx context.Context, old, r *desc.Relation) error {
	if err := t.checkTypeName(ctx, r.Schema, r.Name, r.RowType); err != nil {
		if e, ok := pgerr.As(err); ok && e.Code == pgerr.DuplicateObject && r.Kind != desc.Composite {
			e.Hint = "A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type."
		}
		return err
	}
	var own OID
	if old != nil {
		own = old.RowArray
	}
	name, err := t.chooseArrayName(ctx, r.Schema, r.Name, own)
	r.RowArrayName = name
	return err
}

// checkTypeName reserves a type's name. An array type that has it gives way by taking another underscore.
func (t *Txn) checkTypeName(ctx context.Context, schema OID, name string, self OID) error {
	if err := t.lockName(ctx, desc.ClassType, schema, name); err != nil {
		return err
	}
	oid := t.contents.typeNames.at(nameKey{schema, name})
	if oid == 0 || oid == self {
		return nil
	}
	l := t.contents.types.at(oid)
	if l == nil || l.elem == 0 {
		return pgerr.Newf(pgerr.DuplicateObject, "type \"%s\" already exists", name)
	}
	return t.moveArrayName(ctx, l.elem)
}

// moveArrayName renames the array type of elem so that the name which it has becomes free.
func (t *Txn) moveArrayName(ctx context.Context, elem OID) error {
	if u := t.UserType(elem); u != nil && u.Kind != pgtype.KindComposite {
		c := u.Clone()
		var err error
		if c.ArrayName, err = t.chooseArrayName(ctx, u.Schema, u.Name, 0); err != nil {
			return err
		}
		return t.put(kindType, c.OID, c)
	}
	l := t.contents.types.at(elem)
	if l == nil {
		return nil
	}
	c := t.Relation(l.relation).Clone()
	var err error
	if c.RowArrayName, err = t.chooseArrayName(ctx, c.Schema, c.Name, 0); err != nil {
		return err
	}
	return t.put(kindRelation, c.OID, c)
}

const maxNameLen = 63

// chooseArrayName gives the name for the array type of a type, "" when it is the plain one. own is the array type's OID when it exists.
func (t *Txn) chooseArrayName(ctx context.Context, schema OID, name string, own OID) (string, error) {
	plain := "_" + name
	for array := "_" + clip(name, maxNameLen-1); ; array = "_" + clip(array, maxNameLen-1) {
		if err := t.lockName(ctx, desc.ClassType, schema, array); err != nil {
			return "", err
		}
		if oid := t.contents.typeNames.at(nameKey{schema, array}); oid != 0 && oid != own {
			continue
		}
		if array == plain {
			return "", nil
		}
		return array, nil
	}
}

// clip cuts a name to n bytes, not inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// number fills in the ids that are 0.
func (t *Txn) number(ctx context.Context, r *desc.Relation) error {
	ids := []*OID{&r.OID}
	if hasRowType(r.Kind) {
		ids = append(ids, &r.RowArray, &r.RowType)
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		c.Num = int16(i + 1)
		if c.Default != "" && !c.Dropped {
			ids = append(ids, &c.DefaultOID)
		} else {
			c.DefaultOID, c.DefaultRefs = 0, nil
		}
	}
	for i := range r.Indexes {
		ids = append(ids, &r.Indexes[i].OID)
	}
	for i := range r.Constraints {
		c := &r.Constraints[i]
		ids = append(ids, &c.OID)
		switch {
		case len(c.Triggers) > 0:
		case c.Type == 'f':
			c.Triggers = make([]OID, 4)
		case c.Deferrable:
			c.Triggers = make([]OID, 1)
		}
		for j := range c.Triggers {
			ids = append(ids, &c.Triggers[j])
		}
	}
	for _, id := range ids {
		if err := t.oid(ctx, id); err != nil {
			return err
		}
	}
	linkConstraints(r)
	linkSelf(r)
	return t.numberStorage(ctx, r)
}

// linkSelf puts the relation's own OID where the caller left it open: a foreign key to the table itself, and a generated column's references to its table.
func linkSelf(r *desc.Relation) {
	for i := range r.Columns {
		refs := r.Columns[i].DefaultRefs
		for j := range refs {
			if refs[j].Relation == 0 {
				refs[j].Relation = r.OID
			}
		}
	}
	for i := range r.Constraints {
		c := &r.Constraints[i]
		if c.Type != 'f' {
			continue
		}
		if c.RefTable == 0 {
			c.RefTable = r.OID
		}
		for j := range r.Indexes {
			if x := &r.Indexes[j]; c.Index == 0 && c.RefTable == r.OID && x.Unique && sameColumnSet(x, c.RefColumns) {
				c.Index = x.OID
			}
		}
	}
}

// sameColumnSet tells whether an index is on exactly these columns, in any order.
func sameColumnSet(x *desc.Index, columns []int16) bool {
	for _, k := range x.Keys {
		if !slices.Contains(columns, k.Num) {
			return false
		}
	}
	return len(x.Keys) == len(columns) && x.Predicate == ""
}

// linkConstraints ties primary key and unique constraints to the indexes of the same name, both ways, where the caller left that open.
func linkConstraints(r *desc.Relation) {
	for i := range r.Constraints {
		c := &r.Constraints[i]
		if c.Type != 'p' && c.Type != 'u' && c.Type != 'x' {
			continue
		}
		for j := range r.Indexes {
			x := &r.Indexes[j]
			if c.Index == x.OID || c.Index == 0 && x.Name == c.Name {
				c.Index, x.Constraint = x.OID, c.OID
			}
		}
	}
}

func (t *Txn) numberStorage(ctx context.Context, r *desc.Relation) error {
	take := func(id *uint64) (err error) {
		if *id == 0 {
			*id, err = t.catalog.NextStorageID(ctx)
		}
		return err
	}
	if r.Kind == desc.Table || r.Kind == desc.Sequence || r.Kind == desc.MatView {
		if err := take(&r.StorageID); err != nil {
			return err
		}
	}
	for i := range r.Indexes {
		if x := &r.Indexes[i]; !x.Clustered() {
			if err := take(&x.StorageID); err != nil {
				return err
			}
		}
	}
	return nil
}

// AlterRelation changes a relation: edit gets a copy of the newest descriptor and changes it. New indexes and constraints get their ids; a changed
// owner changes the ACL and the owned sequences, a changed schema moves the owned sequences, a changed storage id lets the old one go. The
// caller holds the relation's lock in the mode that the statement needs.
func (t *Txn) AlterRelation(ctx context.Context, oid OID, edit func(*desc.Relation) error) (*desc.Relation, error) {
	old, err := t.lockedRelation(ctx, oid)
	if err != nil {
		return nil, err
	}
	r := old.Clone()
	if err := edit(r); err != nil {
		return nil, err
	}
	return r, t.storeRelation(ctx, old, r)
}

// UpdateRelation stores a changed Clone of a relation's descriptor; 40001 when the relation has changed since it was read, which cannot be while the
// caller holds a lock that excludes itself.
func (t *Txn) UpdateRelation(ctx context.Context, r *desc.Relation) error {
	old, err := t.lockedRelation(ctx, r.OID)
	if err != nil {
		return err
	}
	if old.Revision != r.Revision {
		return pgerr.Newf(pgerr.SerializationFailure, "could not serialize access to relation \"%s\" due to concurrent update", r.Name)
	}
	return t.storeRelation(ctx, old, r)
}

func (t *Txn) lockedRelation(ctx context.Context, oid OID) (*desc.Relation, error) {
	before := t.Relation(oid)
	if before == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
	}
	if before.Class == desc.System {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", before.Name)
	}
	if err := t.lockDescriptor(ctx, kindRelation, oid); err != nil {
		return nil, err
	}
	r := t.Relation(oid)
	if r == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", before.Name)
	}
	return r, nil
}

// storeRelation puts the successor of old.
func (t *Txn) storeRelation(ctx context.Context, old, r *desc.Relation) error {
	if r.Schema != old.Schema {
		if err := t.checkHome(r); err != nil {
			return err
		}
		if err := t.lockSchema(ctx, r.Schema); err != nil {
			return err
		}
	}
	if err := t.nameRelation(ctx, old, r); err != nil {
		return err
	}
	if err := t.number(ctx, r); err != nil {
		return err
	}
	if err := t.lockTypes(ctx, r); err != nil {
		return err
	}
	if r.Owner != old.Owner {
		if err := t.lockRole(ctx, r.Owner); err != nil {
			return err
		}
		r.ACL = r.ACL.NewOwner(old.Owner, r.Owner)
		for i := range r.Columns {
			r.Columns[i].ACL = r.Columns[i].ACL.NewOwner(old.Owner, r.Owner)
		}
	}
	r.Version, r.Revision = old.Version, old.Revision+1
	if !sameColumns(old, r) {
		r.Version++
	}
	r.UpdatedAt = t.catalog.now()
	if err := t.freeReplaced(old, r); err != nil {
		return err
	}
	if err := t.put(kindRelation, r.OID, r); err != nil {
		return err
	}
	if err := t.tableChanged(ctx, old, r); err != nil {
		return err
	}
	if err := t.syncComposite(r); err != nil {
		return err
	}
	if r.Owner != old.Owner || r.Schema != old.Schema {
		return t.alterOwned(ctx, r)
	}
	return nil
}

// sameColumns tells whether the schema version stays: the columns' names, types and constraints on NULL.
func sameColumns(a, b *desc.Relation) bool {
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		if x.Name != y.Name || x.Type != y.Type || x.Typmod != y.Typmod || x.Dropped != y.Dropped || x.NotNull != y.NotNull {
			return false
		}
	}
	return true
}

// freeReplaced notes the storage ids that old has and its successor (nil: none) has not.
func (t *Txn) freeReplaced(old, r *desc.Relation) error {
	if old.Kind == desc.Sequence {
		return nil // has no rows
	}
	keep := map[uint64]bool{0: true}
	if r != nil {
		keep[r.StorageID] = true
		for i := range r.Indexes {
			keep[r.Indexes[i].StorageID] = true
		}
	}
	ids := []uint64{old.StorageID}
	for i := range old.Indexes {
		ids = append(ids, old.Indexes[i].StorageID)
	}
	for _, id := range ids {
		if keep[id] {
			continue
		}
		if err := t.kv.Put(garbageKey(id), nil); err != nil {
			return storeError(err)
		}
		t.freed = append(t.freed, id)
	}
	return nil
}

// alterOwned takes the sequences that a table's columns own to the table's owner and schema.
func (t *Txn) alterOwned(ctx context.Context, r *desc.Relation) error {
	for _, s := range t.ownedSequences(r.OID) {
		_, err := t.AlterRelation(ctx, s.OID, func(s *desc.Relation) error {
			s.Owner, s.Schema = r.Owner, r.Schema
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ownedSequences are the sequences that a table's columns own.
func (t *Txn) ownedSequences(table OID) []*desc.Relation {
	var out []*desc.Relation
	for _, oid := range t.contents.users(table) {
		if s := t.Relation(oid); s != nil && s.Kind == desc.Sequence && s.OwnedBy.Relation == table {
			out = append(out, s)
		}
	}
	return out
}

// syncComposite keeps the desc.UserType of a free-standing composite type in step with its relation.
func (t *Txn) syncComposite(r *desc.Relation) error {
	if r.Kind != desc.Composite {
		return nil
	}
	u := &desc.UserType{OID: r.RowType, ArrayOID: r.RowArray, Kind: pgtype.KindComposite, Relation: r.OID, BaseTypmod: -1}
	if old := t.UserType(r.RowType); old != nil {
		u = old.Clone()
	} else {
		u.ACL = t.defaultACL('T', r.Owner, r.Schema)
	}
	u.Name, u.Schema, u.Owner, u.ArrayName = r.Name, r.Schema, r.Owner, r.RowArrayName
	return t.put(kindType, u.OID, u)
}
