package system

import (
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Tables are the system tables of a server.
type Tables struct {
	StorageLocations *Records[StorageLocation]
	LiveQueries      *Records[LiveQuery]
	Jobs             *Records[Job]
	TableSchemas     *Records[TableSchema]
}

// New makes the tables over a store.
func New(store kv.Store) *Tables {
	return &Tables{
		StorageLocations: newRecords(store, 'l', false, (*StorageLocation).id),
		LiveQueries:      newRecords(store, 'q', false, (*LiveQuery).id),
		Jobs:             newRecords(store, 'j', false, (*Job).id),
		TableSchemas:     newRecords(store, 'v', true, (*TableSchema).id),
	}
}

// OIDs of the relations; their row types and arrays are rowTypes and arrayTypes further.
const (
	usersOID            desc.OID = 9110 + iota
	namespacesOID                // 9111
	storageLocationsOID          // 9112
	liveQueriesOID               // 9113
	jobsOID                      // 9114
	tablesOID                    // 9115
	tableSchemasOID              // 9116

	rowTypes   desc.OID = 20
	arrayTypes desc.OID = 40
)

// Relations offers the system tables over a store to catalog.Options.
func Relations(store kv.Store) []catalog.SystemRelation { return New(store).Relations() }

// Relations offers the tables to catalog.Options.
func (t *Tables) Relations() []catalog.SystemRelation {
	return []catalog.SystemRelation{
		{Relation: relation(usersOID, "users", toMonitors, userColumns), Table: scanFunc(scanUsers)},
		{Relation: relation(namespacesOID, "namespaces", toAll, namespaceColumns), Table: scanFunc(scanNamespaces)},
		{Relation: relation(storageLocationsOID, "storage_locations", toMonitors, storageLocationColumns), Table: scanFunc(t.scanStorageLocations)},
		{Relation: relation(liveQueriesOID, "live_queries", toMonitors, liveQueryColumns), Table: scanFunc(t.scanLiveQueries)},
		{Relation: relation(jobsOID, "jobs", toMonitors, jobColumns), Table: scanFunc(t.scanJobs)},
		{Relation: relation(tablesOID, "tables", toAll, tableColumns), Table: scanFunc(scanTables)},
		{Relation: relation(tableSchemasOID, "table_schemas", toAll, tableSchemaColumns), Table: schemaHistory{t}},
	}
}

// scanFunc makes a function a catalog.SystemTable. The tables are small, so conditions are left to the caller.
type scanFunc func(r catalog.Reader, yield func([]pgtype.Datum) bool) error

// Scan implements catalog.SystemTable.
func (f scanFunc) Scan(r catalog.Reader, _ []catalog.Equality, yield func([]pgtype.Datum) bool) error {
	return f(r, yield)
}

// Who may read a table.
const (
	toAll      desc.OID = 0
	toMonitors desc.OID = 3373 // pg_monitor
)

type column struct {
	name string
	typ  *pgtype.Type
}

func relation(oid desc.OID, name string, reader desc.OID, columns []column) *desc.Relation {
	r := &desc.Relation{
		OID: oid, Name: name, Schema: desc.SystemSchemaOID, Owner: desc.SuperuserOID, Kind: desc.Table, Persistence: 'p', Class: desc.System,
		RowType: oid + rowTypes, RowArray: oid + arrayTypes, Version: 1,
		ACL: desc.ACL{
			{Grantee: desc.SuperuserOID, Grantor: desc.SuperuserOID, Privileges: desc.AllTable},
			{Grantee: reader, Grantor: desc.SuperuserOID, Privileges: desc.Select},
		},
	}
	for i, c := range columns {
		r.Columns = append(r.Columns, desc.Column{
			Num: int16(i + 1), Name: c.name, Type: c.typ.OID, Typmod: -1, Collation: c.typ.Collation, Storage: c.typ.Proc.Storage, StatTarget: -1,
		})
	}
	return r
}

// text is NULL for the empty string: a field that is not known.
func text(s string) pgtype.Datum {
	if s == "" {
		return pgtype.Null
	}
	return pgtype.Text(s)
}

// unixToPostgres is the time between the epochs of Unix and PostgreSQL (2000-01-01) in microseconds.
const unixToPostgres = 946684800 * 1000000

func timestamp(t time.Time) pgtype.Datum {
	if t.IsZero() {
		return pgtype.Null
	}
	return pgtype.Int(t.UnixMicro() - unixToPostgres)
}

// jsonb makes a jsonb value of JSON text; NULL for none.
func jsonb(b []byte) (pgtype.Datum, error) {
	if len(b) == 0 {
		return pgtype.Null, nil
	}
	return pgtype.JsonbType.Codec.ParseText(pgtype.Default(), string(b), -1)
}
