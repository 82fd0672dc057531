package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// StorageCopy says that the rows or entries under one storage id are to be copied to another.
type StorageCopy struct{ From, To uint64 }

// CreateDatabase adds a database with what its template holds: the descriptors keep their OIDs and get new storage ids, and the caller copies the
// rows as the result says. inUse counts the sessions that are connected to the template (55006 when there are any); nil: none.
func (t *Txn) CreateDatabase(ctx context.Context, d *desc.Database, template OID, inUse func(OID) int) ([]StorageCopy, error) {
	if err := t.checkDatabaseName(ctx, d.Name); err != nil {
		return nil, err
	}
	if err := t.lockRole(ctx, d.Owner); err != nil {
		return nil, err
	}
	if err := t.lockObject(ctx, desc.ClassDatabase, template, kv.ShareUpdateExclusive, Wait{}); err != nil {
		return nil, err
	}
	from := t.DatabaseByOID(template)
	source := t.catalog.Snapshot(template)
	if from == nil || source == nil {
		return nil, pgerr.Newf(pgerr.InvalidCatalogName, "template database with OID %d does not exist", template)
	}
	if n := sessions(inUse, template); n > 0 {
		return nil, pgerr.Newf(pgerr.ObjectInUse, "source database \"%s\" is being accessed by other users", from.Name).WithDetail("%s", otherSessions(n))
	}
	if err := t.oid(ctx, &d.OID); err != nil {
		return nil, err
	}
	d.CreatedAt = t.catalog.now()
	if err := t.put(kindDatabase, d.OID, d); err != nil {
		return nil, err
	}
	return t.copyContents(ctx, source, d.OID)
}

func sessions(inUse func(OID) int, database OID) int {
	if inUse == nil {
		return 0
	}
	return inUse(database)
}

func otherSessions(n int) string {
	if n == 1 {
		return "There is 1 other session using the database."
	}
	return "There are " + plural(n, "other session") + " using the database."
}

// copyContents writes all descriptors of a database under another.
func (t *Txn) copyContents(ctx context.Context, from *Snapshot, to OID) ([]StorageCopy, error) {
	var copies []StorageCopy
	write := func(kind byte, o desc.ObjectRef, value any) error {
		return t.write(change{database: to, kind: kind, object: o, value: value})
	}
	for s := range from.Schemas() {
		if err := write(kindSchema, desc.ObjectRef{OID: s.OID}, s); err != nil {
			return nil, err
		}
	}
	for r := range from.Relations() {
		if r.Class == desc.System {
			continue
		}
		c, err := t.copyRelation(ctx, from.database, r, &copies)
		if err != nil {
			return nil, err
		}
		if err := write(kindRelation, desc.ObjectRef{OID: r.OID}, c); err != nil {
			return nil, err
		}
	}
	for u := range from.UserTypes() {
		if err := write(kindType, desc.ObjectRef{OID: u.OID}, u); err != nil {
			return nil, err
		}
	}
	for o, text := range from.contents.comments.all() {
		if err := write(kindComment, o, text); err != nil {
			return nil, err
		}
	}
	for s := range from.contents.statistics.values() {
		if err := write(kindStatistics, desc.ObjectRef{OID: s.Relation}, s); err != nil {
			return nil, err
		}
	}
	for a := range from.DefaultACLs() {
		if err := write(kindDefaultACL, desc.ObjectRef{OID: a.OID}, a); err != nil {
			return nil, err
		}
	}
	return copies, nil
}

func (t *Txn) copyRelation(ctx context.Context, database OID, r *desc.Relation, copies *[]StorageCopy) (*desc.Relation, error) {
	c := r.Clone()
	renew := func(id *uint64) error {
		if *id == 0 {
			return nil
		}
		n, err := t.catalog.NextStorageID(ctx)
		if r.Kind != desc.Sequence {
			*copies = append(*copies, StorageCopy{From: *id, To: n})
		}
		*id = n
		return err
	}
	if r.Kind == desc.Sequence {
		state, _, err := t.catalog.sequences.State(ctx, database, r)
		if err != nil {
			return nil, err
		}
		c.SequenceState = state
	}
	if err := renew(&c.StorageID); err != nil {
		return nil, err
	}
	for i := range c.Indexes {
		if err := renew(&c.Indexes[i].StorageID); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (t *Txn) checkDatabaseName(ctx context.Context, name string) error {
	if err := t.lockName(ctx, desc.ClassDatabase, 0, name); err != nil {
		return err
	}
	if t.DatabaseByName(name) != nil {
		return pgerr.Newf(pgerr.DuplicateDatabase, "database \"%s\" already exists", name)
	}
	return nil
}

// AlterDatabase changes a database's name, owner, limits or settings.
func (t *Txn) AlterDatabase(ctx context.Context, oid OID, edit func(*desc.Database) error) (*desc.Database, error) {
	if err := t.lockDescriptor(ctx, kindDatabase, oid); err != nil {
		return nil, err
	}
	old := t.DatabaseByOID(oid)
	if old == nil {
		return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database with OID %d does not exist", oid)
	}
	d := old.Clone()
	if err := edit(d); err != nil {
		return nil, err
	}
	if d.Name != old.Name {
		if err := t.checkDatabaseName(ctx, d.Name); err != nil {
			return nil, err
		}
	}
	if d.Owner != old.Owner {
		if err := t.lockRole(ctx, d.Owner); err != nil {
			return nil, err
		}
		d.ACL = d.ACL.NewOwner(old.Owner, d.Owner)
	}
	return d, t.put(kindDatabase, oid, d)
}

// DropDatabase removes a database with everything in it. inUse counts the sessions that are connected to it.
func (t *Txn) DropDatabase(ctx context.Context, oid OID, inUse func(OID) int) error {
	if err := t.lockObject(ctx, desc.ClassDatabase, oid, kv.AccessExclusive, Wait{}); err != nil {
		return err
	}
	if err := t.lockDescriptor(ctx, kindDatabase, oid); err != nil {
		return err
	}
	d := t.DatabaseByOID(oid)
	switch {
	case d == nil:
		return pgerr.Newf(pgerr.InvalidCatalogName, "database with OID %d does not exist", oid)
	case d.Template:
		return pgerr.New(pgerr.WrongObjectType, "cannot drop a template database")
	case oid == t.database:
		return pgerr.New(pgerr.ObjectInUse, "cannot drop the currently open database")
	}
	if n := sessions(inUse, oid); n > 0 {
		return pgerr.Newf(pgerr.ObjectInUse, "database \"%s\" is being accessed by other users", d.Name).WithDetail("%s", otherSessions(n))
	}
	if s := t.catalog.Snapshot(oid); s != nil {
		for r := range s.Relations() {
			if r.Class == desc.System {
				continue
			}
			if err := t.freeReplaced(r, nil); err != nil {
				return err
			}
		}
	}
	if err := t.removeComments(desc.ObjectRef{Class: desc.ClassDatabase, OID: oid}); err != nil {
		return err
	}
	if err := t.remove(kindDatabase, oid); err != nil {
		return err
	}
	for _, kind := range []byte{kindSchema, kindRelation, kindType, kindComment, kindDefaultACL, kindStatistics, kindSequence, kindSystem} {
		if err := t.kv.DeleteRange(kv.PrefixSpan(appendPrefix(nil, oid, kind))); err != nil {
			return storeError(err)
		}
	}
	return nil
}
