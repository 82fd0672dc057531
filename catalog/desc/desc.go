package desc

import (
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// OID is short for the type that every descriptor is full of.
type OID = pgtype.OID

// FirstNormalOID is the first OID that user objects get (PostgreSQL's FirstNormalObjectId).
const FirstNormalOID OID = 16384

// OIDs of built-in objects that code refers to.
const (
	SuperuserOID         OID = 10 // role postgres
	PgCatalogOID         OID = 11
	PgToastOID           OID = 99
	PublicOID            OID = 2200
	PgDatabaseOwnerOID   OID = 6171
	InformationSchemaOID OID = 13127
	SystemSchemaOID      OID = 9100 // kalampg's own schema "system"
	KalamSchemaOID       OID = 9101 // kalampg's own schema "kalam" (functions)
)

// Database is a pg_database row.
type Database struct {
	OID       OID
	Name      string
	Owner     OID
	Template  bool // datistemplate
	AllowConn bool
	ConnLimit int32
	Encoding  int32
	Collate   string
	Ctype     string
	ACL       ACL
	Settings  []string // pg_db_role_setting for the database, "name=value"
	// RoleSettings are those of ALTER ROLE … IN DATABASE, by role.
	RoleSettings []RoleSettings
	CreatedAt    time.Time
}

// RoleSettings are a role's settings in one database.
type RoleSettings struct {
	Role     OID
	Settings []string // "name=value"
}

// Role is a pg_authid row with what KALAM adds to it.
type Role struct {
	OID         OID
	Name        string
	Super       bool
	Inherit     bool
	CreateRole  bool
	CreateDB    bool
	Login       bool
	Replication bool
	BypassRLS   bool
	ConnLimit   int32
	Verifier    string // SCRAM verifier, "" without password
	ValidUntil  time.Time
	Settings    []string     // pg_db_role_setting for the role in all databases
	Members     []Membership // roles that this role is a member of
	Email       string
	StorageID   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	LastLogin   time.Time
}

// Membership says that a role is a member of Role (pg_auth_members).
type Membership struct {
	OID     OID
	Role    OID // the group
	Grantor OID
	Admin   bool
	Inherit bool
	Set     bool
}

// Schema is a pg_namespace row; in KALAM's words a namespace.
type Schema struct {
	OID       OID
	Name      string
	Owner     OID
	ACL       ACL
	Options   map[string]string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// RelKind is pg_class.relkind.
type RelKind byte

// The kinds of relations.
const (
	Table     RelKind = 'r'
	View      RelKind = 'v'
	IndexKind RelKind = 'i'
	Sequence  RelKind = 'S'
	Composite RelKind = 'c'
	MatView   RelKind = 'm'
)

// Class says who sees a table's rows and where they live (KALAM: shared, user and stream tables).
type Class byte

// The classes of tables.
const (
	Shared Class = 's' // as PostgreSQL
	User   Class = 'u' // each user their own rows
	Stream Class = 't' // as user (or shared scope), evicted by age
	System Class = 'y' // computed: pg_catalog, information_schema, system
)

// Relation is a table, view, sequence or composite type. Indexes are part of their table.
type Relation struct {
	OID                           OID
	Name                          string
	Schema                        OID
	Owner                         OID
	Kind                          RelKind
	Persistence                   byte // 'p' permanent, 't' temporary, 'u' unlogged
	Class                         Class
	ScopeShared                   bool // a stream table with scope = 'shared'
	RowType                       OID  // pg_type row of the table's rows, and its array type
	RowArray                      OID
	RowArrayName                  string   // of the array type; "" when it is "_" and the relation's name
	Columns                       []Column // by attnum, Columns[i].Num == i+1; dropped columns stay
	StorageID                     uint64   // under which the rows lie; TRUNCATE and rewrites take a new one
	Indexes                       []Index  // primary key first if there is one
	Constraints                   []Constraint
	ViewQuery                     string // of a view: the SELECT, deparsed
	ViewCheck                     string // "", "local", "cascaded"
	Unpopulated                   bool   // of a materialized view: it cannot be read before it is refreshed
	SequenceDef                   *SequenceDef
	SequenceState                 SequenceState // of a sequence: the state that StorageID began with
	OwnedBy                       ColumnRef     // of a sequence: the column that owns it (serial, identity), zero otherwise
	OwnedInternal                 bool          // … as an identity column's (pg_depend 'i')
	Options                       []string      // reloptions, "name=value", in order
	ACL                           ACL
	RowSecurity, ForceRowSecurity bool
	TriggersOff                   bool        // DISABLE TRIGGER ALL: foreign keys of and to the table are not looked at when its rows change
	ReplicaIdentity               byte        // pg_class.relreplident: 0 for 'd', 'n' nothing, 'f' full, 'i' by ReplicaIndex
	ReplicaIndex                  OID         // REPLICA IDENTITY USING INDEX
	ClusterIndex                  OID         // the index of CLUSTER ON
	DependsOn                     []ColumnRef // what a view reads (pg_depend through pg_rewrite); Num 0: the relation as a whole
	TypesUsed                     []OID       // user types that a view's expressions name, beside those of its columns
	Version                       int         // schema version, 1 at creation, +1 with each change of columns
	Revision                      uint64      // +1 with each change of anything; set by the catalog
	CreatedAt                     time.Time
	UpdatedAt                     time.Time
}

// ColumnRef names a column of a relation; Num 0 is the whole relation.
type ColumnRef struct {
	Relation OID
	Num      int16
}

// Column is a pg_attribute row.
type Column struct {
	Num        int16
	Name       string
	Type       OID
	Typmod     int32
	NotNull    bool
	Default    string // SQL text, "" for none; the generation expression when Generated
	DefaultOID OID    // pg_attrdef.oid
	// DefaultRefs are the relations that Default refers to: sequences of nextval (Num 0), and for a generated column the columns it is made of.
	DefaultRefs []ColumnRef
	Identity    byte // 0, 'a' always, 'd' by default
	Generated   byte // 0, 's' stored
	Dropped     bool
	Collation   OID
	Storage     byte   // attstorage
	Missing     []byte // stored form of the value that rows older than the column have; nil: NULL (ADD COLUMN … DEFAULT)
	ACL         ACL
	Options     []string
	StatTarget  int32
	Dims        int16 // attndims: the dimensions that an array was declared with, which nothing enforces
}

// Index is an index of a table: a pg_class row with relkind 'i' and a pg_index row.
type Index struct {
	OID              OID
	Name             string
	StorageID        uint64 // of its entries; the primary key has none of its own: rows are stored under it
	Unique           bool
	Primary          bool
	NullsNotDistinct bool
	Immediate        bool // not deferrable
	Valid            bool
	Keys             []IndexKey // key columns
	Include          []int16    // INCLUDE columns
	Predicate        string     // SQL text, "" for none
	ExprColumns      []int16    // columns that key expressions and the predicate read
	Method           string     // "btree"
	Options          []string
	Constraint       OID  // the constraint that it belongs to, 0 for a plain index
	Exclusion        bool // of an exclusion constraint by equality: no two rows have the same key
}

// IndexKey is one key of an index.
type IndexKey struct {
	Num        int16  // column, 0 for an expression
	Expr       string // SQL text of the expression
	ExprType   OID
	Desc       bool
	NullsFirst bool
	Opclass    OID // 0: the type's default
	Collation  OID
}

// Constraint is a pg_constraint row.
type Constraint struct {
	OID                       OID
	Name                      string
	Type                      byte // 'c' check, 'p' primary key, 'u' unique, 'f' foreign key, 'x' exclusion
	Columns                   []int16
	Expr                      string // of a check
	Index                     OID    // of p, u: its index; of f: the referenced table's unique index
	Validated                 bool
	NoInherit                 bool
	Deferrable                bool
	Deferred                  bool // initially deferred
	RefTable                  OID  // of f
	RefColumns                []int16
	OnUpdate, OnDelete, Match byte // pg_constraint.confupdtype, confdeltype, confmatchtype
	OnDeleteColumns           []int16
	// Triggers are the OIDs of the internal triggers that PostgreSQL would have for it: of f on the referenced table for DELETE and UPDATE, on the referring one for INSERT
	// and UPDATE; of a deferrable p, u or x the one that looks again.
	Triggers []OID
}

// SequenceDef is a pg_sequence row.
type SequenceDef struct {
	Type      OID
	Start     int64
	Increment int64
	Min, Max  int64
	Cache     int64
	Cycle     bool
}

// SequenceState is where a sequence stands.
type SequenceState struct {
	Last   int64
	Called bool // false: the next value is Last itself
}

// UserType is an enum, a domain or a free-standing composite type (whose columns are in its Relation).
type UserType struct {
	OID, ArrayOID OID
	Name          string
	Schema        OID
	Owner         OID
	Kind          pgtype.Kind
	Labels        []pgtype.EnumLabel
	Base          OID // of a domain
	BaseTypmod    int32
	NotNull       bool
	Default       string
	Collation     OID
	Constraints   []Constraint // checks of a domain
	Relation      OID          // of a composite
	ArrayName     string       // of the array type; "" when it is "_" and the name
	ACL           ACL
}

// ObjectRef names any object: class is the OID of the catalog it is in (1259 pg_class, 2615 pg_namespace, …), SubID a column or 0.
type ObjectRef struct {
	Class, OID OID
	SubID      int32
}

// OIDs of the catalogs that ObjectRef.Class names.
const (
	ClassRelation   OID = 1259
	ClassSchema     OID = 2615
	ClassType       OID = 1247
	ClassConstraint OID = 2606
	ClassAttrdef    OID = 2604
	ClassDatabase   OID = 1262
	ClassRole       OID = 1260
	ClassProc       OID = 1255
	ClassRewrite    OID = 2618
)

// Comment is a pg_description (or pg_shdescription) row.
type Comment struct {
	Object ObjectRef
	Text   string
}

// DefaultACL is a pg_default_acl row.
type DefaultACL struct {
	OID    OID
	Role   OID
	Schema OID  // 0: all
	Object byte // 'r', 'S', 'f', 'T', 'n'
	ACL    ACL
}
