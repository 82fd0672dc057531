package pgtype

import (
	"time"
)

// OID is a PostgreSQL object identifier.
type OID uint32

// Kind is pg_type.typtype.
type Kind byte

// The kinds of types.
const (
	KindBase       Kind = 'b'
	KindComposite  Kind = 'c'
	KindDomain     Kind = 'd'
	KindEnum       Kind = 'e'
	KindPseudo     Kind = 'p'
	KindRange      Kind = 'r'
	KindMultirange Kind = 'm'
)

// Rep says how a type's values lie in a Datum, which a generic reader (row codec, Arrow builder, hash table) branches on.
type Rep uint8

// The representations, see Datum.
const (
	RepWord    Rep = iota // Int, Bool, OID
	RepFloat              // Float
	RepPair               // Pair
	RepBytes              // Text, Bytes
	RepNumeric            // pair or object, see Numeric
	RepArray              // Array
	RepRecord             // Record
)

// Type is an immutable SQL type: the facts of its pg_type row that the engine needs and its codec. There is one *Type per OID, so types
// compare by pointer as well as by OID.
type Type struct {
	OID       OID
	Name      string // pg_type.typname
	Schema    string // "pg_catalog" for built-in types
	Len       int16  // pg_type.typlen
	ByVal     bool
	Kind      Kind
	Category  byte
	Preferred bool
	Delim     byte        // between array elements, ',' but for box
	Elem      *Type       // element type of an array (or of a subscriptable type as name, int2vector, oidvector), else nil
	ArrayOID  OID         // its array type, 0 when none
	Sub       *Type       // element type of a range or multirange
	Multi     *Type       // of a range: its multirange
	Ranges    *Type       // of a multirange: the type of its ranges
	Base      *Type       // base type of a domain
	BaseMod   int32       // typmod of the base type of a domain
	Collation OID         // pg_type.typcollation
	Labels    []EnumLabel // of an enum, in sort order
	Columns   []Column    // of a composite type
	Rep       Rep
	Codec     Codec
	Proc      Procs // what pg_type shows of its functions

	array *Type
}

// Procs are the function names and storage facts of a pg_type row, "-" for none; the engine itself does not read them.
type Procs struct {
	Relation                                              OID // pg_type.typrelid
	Subscript                                             string
	Input, Output, Receive, Send, ModifierIn, ModifierOut string
	Align, Storage                                        byte
}

// EnumLabel is one value of an enum.
type EnumLabel struct {
	OID   OID
	Sort  float32
	Label string
}

// Column is a field of a composite type.
type Column struct {
	Name   string
	Type   *Type
	Typmod int32
}

// IsArray tells whether t is a true array type (category A, and record[]; oidvector and int2vector too), as against name or point, which only have elements.
func (t *Type) IsArray() bool { return t.Elem != nil && (t.Category == 'A' || t.OID == OIDRecordArray) }

// Codec turns values of one type into bytes and back. Every method but the parsers takes a datum that is not NULL.
type Codec interface {
	// ParseText is the type's input function; errors are 22P02, 22003, 22007, 22008 … with PostgreSQL's texts. The typmod (-1: none)
	// applies as in an explicit cast: varchar(n) truncates blanks only, numeric(p,s) rounds.
	ParseText(c *Context, s string, typmod int32) (Datum, error)
	// AppendText is the type's output function.
	AppendText(c *Context, dst []byte, d Datum) []byte
	// ParseBinary is the type's receive function. The result may alias b. Errors are 22P03 and 08P01 as PostgreSQL's.
	ParseBinary(c *Context, b []byte, typmod int32) (Datum, error)
	// AppendBinary is the type's send function, without the length word.
	AppendBinary(c *Context, dst []byte, d Datum) []byte

	// Compare orders as the type's default btree operator class; NaN after all numbers; panics for a type without one
	// (Comparable tells).
	Compare(a, b Datum) int
	Comparable() bool
	// Hash agrees with Compare: equal values hash equally.
	Hash(d Datum, seed uint64) uint64

	// AppendKey appends d's memory-comparable form: bytes.Compare on it orders as Compare, and no form is a prefix of another. DecodeKey reads one back
	// and returns the rest. Equal values that differ in print (numeric 1.0 and 1.00, bpchar) may decode to one of them.
	AppendKey(dst []byte, d Datum) []byte
	DecodeKey(b []byte) (d Datum, rest []byte, err error)

	// AppendStored appends the value as it lies in a stored row (no length: the row knows it); DecodeStored reads all of b and may alias it.
	AppendStored(dst []byte, d Datum) []byte
	DecodeStored(b []byte) (Datum, error)
}

// Context is the session state that text forms depend on. It is read-only to codecs. The zero Context with Location set is usable.
type Context struct {
	Location         *time.Location // TimeZone
	TimeZoneName     string
	DateOrder        byte // 'M' (MDY), 'D' (DMY), 'Y' (YMD)
	DateStyle        byte // 'I' ISO, 'P' Postgres, 'S' SQL, 'G' German
	IntervalStyle    byte // 'p' postgres, 'v' postgres_verbose, 's' sql_standard, 'i' iso_8601
	ExtraFloatDigits int
	ByteaEscape      bool      // bytea_output = escape
	Now              time.Time // start of the transaction, for 'now', 'today' …

	// Names resolves reg* types and composite types; nil outside a session: then reg types print as numbers and accept only numbers.
	Names Names
}

// Names turns object names into OIDs and back, under the session's search_path, for the reg* types. kind is regclass, regtype, regproc,
// regprocedure, regoper, regoperator, regnamespace, regrole, regconfig, regdictionary or regcollation.
type Names interface {
	// Lookup finds the object that s names; errors as PostgreSQL's (42P01, 42704, 42883, 3F000 …).
	Lookup(kind, s string) (OID, error)
	// Name prints an object, schema-qualified and quoted when it has to be; false when there is none.
	Name(kind string, oid OID) (string, bool)
	// Type finds a type that is not built in.
	Type(oid OID) *Type
}

// Default is the Context of a session in its initial state (UTC, ISO MDY, postgres intervals).
func Default() *Context {
	return &Context{Location: time.UTC, TimeZoneName: "UTC", DateOrder: 'M', DateStyle: 'I', IntervalStyle: 'p', ExtraFloatDigits: 1, Now: time.Now()}
}

// KeyKeepsValue tells whether DecodeKey gives a value back exactly as it was. It does not where equal values may differ in print, as numerics 1.0 and 1.00 do.
func (t *Type) KeyKeepsValue() bool {
	switch t.BaseType().OID {
	case OIDBool, OIDInt2, OIDInt4, OIDInt8, OIDOid, OIDDate, OIDTime, OIDTimestamp, OIDTimestamptz, OIDText, OIDVarchar, OIDName, OIDBytea, OIDUuid, OIDQChar:
		return true
	}
	return false
}
