// Package catalog keeps what the databases of a server consist of: databases, roles, schemas, relations, types, comments, privileges, sequences. It stores
// descriptors (package desc) through internal/kv, in the same transactions as the rows that they describe.
//
// # Views
//
// A Snapshot is the immutable catalog of one database as of one commit; Catalog.Snapshot gives the newest by one atomic load. A Txn is the view of a
// transaction: the newest snapshot with its own changes on top. Both are Readers. Snapshots share structure (persistent ordered maps), so a DDL
// statement costs what it changes.
//
//	Open(ctx, store, Options) (*Catalog, error)      bootstraps an empty store or loads the descriptors of all databases
//	(*Catalog).Snapshot(db) *Snapshot                nil when there is no such database
//	(*Catalog).Role(name), Database(name)            for authentication, before a database is chosen
//	(*Catalog).Begin(kv.Txn, db) *Txn                beside every kv.Txn; costs one small allocation
//	(*Catalog).SystemTable(oid) SystemTable          the code behind a relation of class desc.System
//	(*Catalog).Sequences() *Sequences                NextVal, SetVal, State: outside transactions
//	(*Catalog).NextStorageID(ctx) (uint64, error)
//	(*Catalog).Close(ctx) error                      writes sequences exactly; call before the store is closed
//
// # A statement's protocol
//
//	Txn.Refresh()                                    at the start of every statement (catalog reads are never older than the newest commit)
//	Txn.LockRelation(ctx, oid, mode, Wait)           for every relation that it reads or writes, BEFORE kv.Txn.NewStatement takes the statement's
//	                                                 snapshot of rows; gives the relation as it is under the lock, or 42P01
//	Txn.SetSearchPath, Txn.SetLockTimeout            when they change: messages leave out schemas that the path finds; DDL's own waits
//	… operations …
//	kv.Txn.Commit                                    publishes the changes in commit order (kv.Txn.OnCommit)
//
// Txn.Savepoint and Txn.RollbackTo are called in step with those of the kv.Txn; Commit and Rollback need no call.
//
// # Changing things
//
// Create… takes ownership of the descriptor and fills in what is 0 (OIDs of the object, its row type, array type, indexes, constraints and defaults; storage
// ids; times). Alter… locks the descriptor, reads it again, hands a copy to edit and stores the result, so that no concurrent change is
// lost; errors of edit are passed on. All check names and raise PostgreSQL's errors; none checks privileges: that is the caller's, with the functions below.
//
//	CreateSchema(ctx, *desc.Schema) error            AlterSchema(ctx, oid, edit) (*desc.Schema, error)
//	CreateRelation(ctx, *desc.Relation) error        AlterRelation(ctx, oid, edit) (*desc.Relation, error)
//	                                                 UpdateRelation(ctx, *desc.Relation) error      (of a Clone; 40001 when it has changed since)
//	CreateType(ctx, *desc.UserType) error            AlterType(ctx, oid, edit) (*desc.UserType, error)
//	CreateRole(ctx, *desc.Role) error                AlterRole(ctx, oid, edit) (*desc.Role, error)
//	CreateDatabase(ctx, *desc.Database, template, inUse) ([]StorageCopy, error)
//	                                                 AlterDatabase(ctx, oid, edit) (*desc.Database, error)
//	AlterSequence(ctx, oid, def, *desc.SequenceState) (*desc.Relation, error)
//	Truncate(ctx, oid, restart bool) error           new storage ids
//	SetComment(ctx, desc.ObjectRef, text) error      "" removes
//	SetStatistics(ctx, *desc.Statistics, quiet) error
//
//	CreateTempSchema(ctx, session) (*desc.Schema, error)         pg_temp_N; the session drops it at its end, an opening what a crash left
//	NoteLogin(ctx, role, time) error                             does not change the version
//
//	Drop(ctx, []desc.ObjectRef, cascade) (dropped []desc.ObjectRef, notices []*pgerr.Error, err error)
//	DropColumn(ctx, relation, num, cascade) (…same…) DropConstraint(ctx, relation, constraint, cascade) (…same…)
//	DropRoles(ctx, []OID) error                      DropDatabase(ctx, oid, inUse func(OID) int) error
//	Dependents(desc.ObjectRef) []Dependency          Describe(desc.ObjectRef) string       OwnedBy(role) []desc.ObjectRef
//	FreedStorage() []uint64                          storage ids that this transaction has let go: delete their rows after the commit,
//	                                                 then call (*Catalog).Collected(ctx, kv.Txn, ids); (*Catalog).Garbage(ctx) lists what a crash left
//
//	Grant(ctx, Grant) (notices []*pgerr.Error, err error)      GRANT and REVOKE on objects and columns
//	GrantRole(ctx, RoleGrant) (notices, error)                 GRANT and REVOKE of roles
//	AlterDefaultPrivileges(ctx, DefaultGrant) error
//
// # Privileges
//
//	HasPrivilege(Reader, role, desc.ObjectRef, desc.Privilege) bool     ObjectRef.SubID names a column; all bits are wanted
//	CheckPrivilege(…same…) error                     42501 "permission denied for table t"
//	IsOwner(Reader, role, desc.ObjectRef) bool       CheckOwner(…same…) error   42501 "must be owner of table t"
//	HasAnyColumnPrivilege(Reader, role, table, desc.Privilege) bool
//	IsMemberOf(Reader, role, group) bool             by any path; HasRole: by paths that inherit; CanSetRole: by paths with SET; IsAdminOf: with ADMIN
//
// # Keys
//
//	SpaceCatalog | database OID | kind | OID          a descriptor; shared objects (roles, databases) under database 0
//	SpaceCatalog | database OID | 'Q' | storage id    a sequence's state
//	SpaceCatalog | database OID | 'S' | table | id    a row of a system table (package system)
//	SpaceCatalog | 0 | 'G' | storage id               rows that no relation owns any more, to be deleted
//	SpaceCatalog | 0 | 'N' | 'o' or 's'               counters of OIDs and storage ids, advanced in steps, never reused
//	SpaceCatalog | database OID | 'L' or 'U' | …      lock-only keys: relations and other objects ('L', relation lock modes), names ('U')
package catalog
