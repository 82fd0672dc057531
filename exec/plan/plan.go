package plan

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Node is a relational operator.
type Node interface {
	// Columns are the ids of the output columns, in the order of the output row.
	Columns() []expr.ColID
	// Children are the inputs, for walks.
	Children() []Node
}

// System column numbers, PostgreSQL's (access/sysattr.h) and kalampg's. Locator is internal: the row's storage address for UPDATE, DELETE and FOR UPDATE.
const (
	Ctid     int16 = -1
	Xmin     int16 = -2
	Cmin     int16 = -3
	Xmax     int16 = -4
	Cmax     int16 = -5
	TableOID int16 = -6
	Seq      int16 = -8
	Updated  int16 = -9
	Deleted  int16 = -10
	UserCol  int16 = -11
	Locator  int16 = -12
)

// Scan reads a table of class shared, user or stream.
type Scan struct {
	Estimated
	Rel    int32
	Table  *desc.Relation
	Alias  string
	Nums   []int16 // columns to produce, in output order: attribute numbers and system column numbers
	Access Access
	Filter expr.Expr // on the scan's own columns (and outer ones, parameters); nil: none
}

// Access is how a Scan finds its rows; the zero Access reads the whole table in primary key order. Index is the index used (nil for the
// primary key). Equal fixes the first key columns; Lower and Upper bound the next one.
type Access struct {
	Keyed        bool
	Index        *desc.Index // nil with Keyed: no index, whole table
	Equal        []expr.Expr // values of the index's first columns; free of the scan's own columns
	Lower, Upper *Bound
	// In, when set, replaces the last of Equal: an array-valued expression, one look-up per element (col = ANY(array)).
	In      expr.Expr
	Reverse bool // read backwards (ORDER BY … DESC)
}

// Bound is one end of a range on an index column.
type Bound struct {
	Expr      expr.Expr
	Inclusive bool
}

// SystemScan reads a relation of class System. Where are equalities whose values are free of the scan's own columns.
type SystemScan struct {
	Estimated
	Rel    int32
	Table  *desc.Relation
	Alias  string
	Nums   []int16
	Where  []SystemEquality
	Filter expr.Expr
}

// SystemEquality is column = value for a SystemScan.
type SystemEquality struct {
	Num   int16
	Value expr.Expr
}

// Values is a list of rows.
type Values struct {
	Estimated
	Rel   int32
	Rows  [][]expr.Expr
	Types []expr.Typed
}

// OneRow is FROM nothing: one row of no columns.
type OneRow struct{ Estimated }

// FuncScan is functions in FROM, side by side (ROWS FROM pads with NULLs). A function that returns a composite gives a column per field. A scalar function gives one row.
type FuncScan struct {
	Estimated
	Rel        int32
	Alias      string
	Funcs      []FuncItem
	Ordinality bool // one more column at the end, from 1
}

// FuncItem is one function of a FuncScan: Set (a *expr.SetCall) or an ordinary expression; Fields says that its records are spread over Width columns.
type FuncItem struct {
	Expr   expr.Expr
	Fields bool
	Width  int
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Estimated
	Input Node
	Cond  expr.Expr
}

// Project computes columns.
type Project struct {
	Estimated
	Rel   int32
	Input Node
	Exprs []expr.Expr
	Names []string
}

// ProjectSet is a Project in which some expressions are or contain set-returning calls: each input row gives as many rows as the longest, the shorter padded with NULL. Set-returning calls are
// at the top of an expression or replaced by Vars of an inner ProjectSet.
type ProjectSet struct {
	Estimated
	Rel   int32
	Input Node
	Exprs []expr.Expr
	Names []string
}

// JoinKind is the kind of a Join.
type JoinKind uint8

// The kinds of joins.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
)

// Join combines rows of two inputs; its columns are the left's, then the right's (Semi and Anti: the left's only). LeftKeys and RightKeys are expressions that must be
// equal pairwise (by the types' default equality), taken out of the condition where possible; Cond is the rest. With Lateral the right side reads columns of the left.
type Join struct {
	Estimated
	Kind                JoinKind
	Left, Right         Node
	LeftKeys, RightKeys []expr.Expr
	Cond                expr.Expr
	Lateral             bool
	// BuildLeft says that the left side is the smaller one: the hash table is to be made of it, and the right side read past it. The optimizer sets it for
	// joins of kind Semi, Anti and Left with keys; exec/run and exec/vec read it. (The sides of inner joins are ordered so that the right one is built.)
	BuildLeft bool
}

// Aggregate groups. Its columns are the group keys, then the aggregates. Without Keys (and without Sets) there is exactly one group.
type Aggregate struct {
	Estimated
	Rel      int32
	Input    Node
	Keys     []expr.Expr
	Aggs     []*expr.Aggregate
	Sets     [][]int          // grouping sets as positions in Keys; nil: one set of all
	Grouping []*expr.Grouping // computed per set, columns after the aggregates
}

// Sort orders its input.
type Sort struct {
	Estimated
	Input Node
	Keys  []expr.SortKey
}

// Limit skips Offset rows and passes Count; nil: none. WithTies passes the peers of the last row too (Keys are the ordering).
type Limit struct {
	Estimated
	Input         Node
	Count, Offset expr.Expr
	WithTies      bool
	Keys          []expr.SortKey
}

// Distinct drops duplicate rows; with On only the first row of each combination of On (the input is sorted by them).
type Distinct struct {
	Estimated
	Input Node
	On    []expr.Expr // nil: all columns
}

// SetOpKind is UNION, INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// SetOp combines two inputs of the same types.
type SetOp struct {
	Estimated
	Rel         int32
	Kind        SetOpKind
	All         bool
	Left, Right Node
	Types       []expr.Typed
}

// With evaluates each CTE at most once (lazily, when first read; data-modifying ones always, to the end) and then Body.
type With struct {
	Estimated
	CTEs []*CTE
	Body Node
}

// CTE is one WITH query that is materialised. (A CTE that can be inlined does not become one.)
type CTE struct {
	ID        int32
	Name      string
	Plan      Node // of a recursive one: the non-recursive term
	Recursive Node // the recursive term, reading WorkTable; nil: not recursive
	UnionAll  bool
	Modifies  bool
}

// CTEScan reads a CTE; WorkTable in the recursive term the rows of the last round.
type CTEScan struct {
	Estimated
	Rel       int32
	CTE       int32
	Width     int
	WorkTable bool
	Name      string
}

// LockRows takes row locks (FOR UPDATE …) on the rows of scans below, whose Locator columns must be among the input's columns.
type LockRows struct {
	Estimated
	Input Node
	Locks []RowLock
}

// RowLock locks the rows of one table of a query.
type RowLock struct {
	Rel      int32
	Table    *desc.Relation
	Strength byte // 'u' UPDATE, 'n' NO KEY UPDATE, 's' SHARE, 'k' KEY SHARE
	NoWait   bool
	Skip     bool
	Recheck  expr.Expr // the conditions of the query on its rows, asked again of a row that changed while waiting
}

// Insert adds rows. Source yields complete rows: one value per live column of Table in order of attribute number, defaults filled in and coerced; dropped columns are absent.
type Insert struct {
	Estimated
	Rel       int32 // of the new row's columns in Returning, Checks, Generated and OnConflict
	Table     *desc.Relation
	Source    Node
	Nums      []int16 // attribute number of each source column
	Rules     *TableRules
	Options   []expr.NamedCheck // WITH CHECK OPTION of the views that the table is reached through, innermost first: what a new row must meet, over Rel
	Conflict  *OnConflict
	Returning []expr.Expr // over the new row (Rel); nil: none
	Names     []string
	ReturnRel int32
}

// OnConflict is ON CONFLICT. In its expressions Rel is the existing row and Excluded the proposed one.
type OnConflict struct {
	Indexes  []*desc.Index // arbiters; nil: any
	Update   bool          // DO UPDATE, else DO NOTHING
	Rel      int32
	Excluded int32
	Set      []Assign
	Where    expr.Expr
}

// Assign is one assignment of an UPDATE.
type Assign struct {
	Num  int16
	Expr expr.Expr
}

// TableRules are the bound rules of a table that every new row must obey; columns are Vars of Rel.
type TableRules struct {
	Rel       int32
	Checks    []expr.NamedCheck
	Generated []Assign
	Indexes   []IndexRule // of expression and partial indexes
	Refers    []desc.OID  // foreign keys of the table, to be checked for a new row
	Loose     bool        // an index of a deferrable constraint is among the table's
	Referred  []desc.OID  // foreign keys to the table, which have their say when a row goes or gets another key
}

// IndexRule is the bound form of an index with expressions or a predicate.
type IndexRule struct {
	Index     *desc.Index
	Keys      []expr.Expr // nil for plain columns
	Predicate expr.Expr
}

// Update changes rows. Source yields at least the columns of the target (all of them) and its Locator under Rel; Set is over Source's row. A
// row that changed while it was waited for is read again, put in place of its columns, and Recheck (nil: true) asked again.
type Update struct {
	Estimated
	Rel       int32
	Table     *desc.Relation
	Source    Node
	Set       []Assign
	Recheck   expr.Expr
	Rules     *TableRules
	Options   []expr.NamedCheck // as Insert's
	Returning []expr.Expr       // over Source's row with the target's columns replaced by the new row's
	Names     []string
	ReturnRel int32
}

// Delete removes rows; as Update. Returning sees the old row.
type Delete struct {
	Estimated
	Rel       int32
	Table     *desc.Relation
	Source    Node
	Recheck   expr.Expr
	Rules     *TableRules
	Returning []expr.Expr
	Names     []string
	ReturnRel int32
}

// Privilege is a privilege that a statement needs, checked at each start of its run against the current user (or the view's owner).
type Privilege struct {
	Relation desc.OID
	Mode     desc.Privilege
	Columns  []int16  // column privileges suffice when every one is granted; nil: whole relation only
	AsOwner  desc.OID // check as this role (owner of a view), 0: current user
}

// Statement is a bound statement.
type Statement struct {
	Root       Node
	Tag        string         // "SELECT", "INSERT", …
	Columns    []OutputColumn // nil: no rows
	Params     []*pgtype.Type
	Privileges []Privilege
	Relations  []desc.OID // every relation read or written, to be locked: AccessShare, or RowExclusive for Targets, RowShare for row locks
	Targets    []desc.OID
	ReadOnly   bool   // writes nothing and locks no rows but of temporary tables
	Locking    string // FOR UPDATE and its kin: how it locks rows; empty when it does not
	Volatile   bool   // has expressions that may not be folded or cached
	Contextual bool   // holds literals that were read under the session's settings or the time of the moment ('now', '1 Jan', a time zone): not to be kept
	UsesUser   bool   // depends on the current user beyond privileges (user tables): always run under the scope of the moment

	Cursor *CursorRows // of a cursor's query
}

// OutputColumn describes a result column.
type OutputColumn struct {
	Name   string
	Type   *pgtype.Type
	Typmod int32
	Table  desc.OID
	Num    int16
}
