package expr

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Expr is a typed expression.
type Expr interface {
	// Type is the result's type; Typmod its modifier, -1 when unknown.
	Type() *pgtype.Type
	Typmod() int32
}

// ColID names a column inside one statement: Rel is the number of the plan node that produces it (unique in the statement, over all query
// levels, from 1), Num the column's number there: an attribute number of a table (negative: system column), else from 1.
type ColID struct {
	Rel int32
	Num int16
}

// Typed is the type of a node, embedded by all nodes.
type Typed struct {
	T   *pgtype.Type
	Mod int32
}

// Type implements Expr.
func (t Typed) Type() *pgtype.Type { return t.T }

// Typmod implements Expr.
func (t Typed) Typmod() int32 { return t.Mod }

// Const is a literal or a folded expression.
type Const struct {
	Typed
	Value pgtype.Datum
}

// Param is a statement parameter $N.
type Param struct {
	Typed
	N int
}

// Var is a column of an input, or of an outer query's row when its ColID is not in the input.
type Var struct {
	Typed
	ID   ColID
	Name string // for EXPLAIN and deparsing
}

// CallForm says how a function call was written, for deparsing.
type CallForm uint8

// The forms of calls.
const (
	AsFunction     CallForm = iota
	AsOperator              // Call.Operator is set
	AsExplicitCast          // x::t, CAST
	AsImplicitCast          // added by the binder; not shown
	AsSQLFunction           // SQL syntax: EXTRACT, AT TIME ZONE, SUBSTRING FROM, …
)

// Call is a function call, an operator or a cast by function.
type Call struct {
	Typed
	Proc     *pgfacts.Proc
	Code     builtin.Scalar
	Args     []Expr
	Form     CallForm
	Operator *pgfacts.Operator
	Variadic bool   // written with VARIADIC
	Keyword  string // of AsSQLFunction: "EXTRACT", "AT TIME ZONE" …
}

// SetCall is a call of a set-returning function; it stands only in FuncScan and ProjectSet.
type SetCall struct {
	Typed
	Proc     *pgfacts.Proc
	Code     builtin.Set
	Args     []Expr
	Variadic bool
}

// BoolOp is AND, OR (any number of arguments) or NOT (one), with three-valued logic and left-to-right short cut.
type BoolOp struct {
	Typed
	Op   BoolOpKind
	Args []Expr
}

// BoolOpKind is the operator of a BoolOp.
type BoolOpKind uint8

// The boolean operators.
const (
	And BoolOpKind = iota
	Or
	Not
)

// NullTest is IS [NOT] NULL. On a row value (Row true) it asks for all fields.
type NullTest struct {
	Typed
	Arg Expr
	Not bool
	Row bool
}

// BoolTest is IS [NOT] TRUE, FALSE or UNKNOWN.
type BoolTest struct {
	Typed
	Arg  Expr
	Kind byte // 't', 'f', 'u'
	Not  bool
}

// Case is CASE: with Arg, each When is a comparison whose left side is a CaseValue.
type Case struct {
	Typed
	Arg   Expr // nil for the searched form
	Whens []When
	Else  Expr // nil: NULL
}

// When is one arm of a Case.
type When struct{ Cond, Result Expr }

// CaseValue stands for the value of the nearest enclosing Case's Arg.
type CaseValue struct{ Typed }

// Coalesce is COALESCE.
type Coalesce struct {
	Typed
	Args []Expr
}

// MinMax is GREATEST or LEAST.
type MinMax struct {
	Typed
	Greatest bool
	Args     []Expr
}

// NullIf is NULLIF(a, b): Equal compares the arguments (converted where needed), the result is a.
type NullIf struct {
	Typed
	Left, Right Expr
	Equal       *Call // over two CaseValue-free operands: Args are Left and Right
}

// Distinct is IS [NOT] DISTINCT FROM: Equal is the = operator on Left and Right.
type Distinct struct {
	Typed
	Left, Right Expr
	Equal       *Call
	Not         bool
}

// ArrayOp is left op ANY/ALL (array): Code compares one element.
type ArrayOp struct {
	Typed
	Left, Array Expr
	Operator    *pgfacts.Operator
	Proc        *pgfacts.Proc
	Code        builtin.Scalar
	All         bool
	FromIn      bool // written as IN (list) or NOT IN (list)
}

// Array is ARRAY[…]; Multi when the elements are arrays themselves.
type Array struct {
	Typed
	Elems []Expr
	Multi bool
}

// Row is ROW(…).
type Row struct {
	Typed
	Fields   []Expr
	Names    []string
	Explicit bool
}

// RowCompare is a row-wise <, <=, >, >=: pairs are compared by the operator in turn. Equality of rows is bound to ANDs.
type RowCompare struct {
	Typed
	Op          string
	Left, Right []Expr
	Less, Equal []*Call // per pair, over Left[i] and Right[i]
}

// Field is (row).name.
type Field struct {
	Typed
	Arg   Expr
	Index int // in Record.Fields
	Name  string
}

// Subscript is a[i], a[i][j], a[l:u].
type Subscript struct {
	Typed
	Arg          Expr
	Slice        bool
	Lower, Upper []Expr // one per dimension; without Slice only Upper; an element of a slice may be nil
}

// SubscriptAssign is the new value of an array column in SET a[i] = v.
type SubscriptAssign struct {
	Typed
	Arg          Expr
	Slice        bool
	Lower, Upper []Expr
	Value        Expr
}

// FieldAssign is the new value of a composite column in SET c.f = v.
type FieldAssign struct {
	Typed
	Arg   Expr
	Index int
	Value Expr
}

// ViaText is a cast through the types' text forms.
type ViaText struct {
	Typed
	Arg      Expr
	Explicit bool
	Implicit bool // not shown when deparsed
}

// Relabel changes the type only: the values are the same (binary-coercible).
type Relabel struct {
	Typed
	Arg      Expr
	Implicit bool
}

// ArrayCast casts every element of an array: Elem is the element's cast with a CaseValue as its input.
type ArrayCast struct {
	Typed
	Arg      Expr
	Elem     Expr
	Implicit bool
}

// RowCast casts each field of a row to another composite type.
type RowCast struct {
	Typed
	Arg    Expr
	Fields []Expr // over CaseValue (the whole row) through Field
}

// DomainCheck checks a value against a domain's constraints, which read it as CaseValue.
type DomainCheck struct {
	Typed
	Arg      Expr
	NotNull  bool
	Checks   []NamedCheck
	Implicit bool // not shown when deparsed
}

// NamedCheck is a CHECK constraint.
type NamedCheck struct {
	Name string
	Expr Expr
}

// Collate is x COLLATE "c"; Implicit is not shown.
type Collate struct {
	Typed
	Arg       Expr
	Collation pgtype.OID
	Name      string
}

// SQLValue is CURRENT_DATE, CURRENT_USER and their kin.
type SQLValue struct {
	Typed
	Name string // upper case: CURRENT_DATE, CURRENT_TIME, CURRENT_TIMESTAMP, LOCALTIME, LOCALTIMESTAMP, CURRENT_ROLE, CURRENT_USER, USER, SESSION_USER, CURRENT_CATALOG, CURRENT_SCHEMA
}

// SubqueryKind is how a subquery is used in an expression.
type SubqueryKind uint8

// The kinds of subqueries.
const (
	ScalarSubquery SubqueryKind = iota // one column, at most one row (21000)
	ExistsSubquery
	AnySubquery   // Test is true for some row: IN is = ANY
	AllSubquery   // Test is true for all rows
	ArraySubquery // ARRAY(SELECT …)
	RowSubquery   // several columns, at most one row: the result is a record
)

// Subquery is a sub-select in an expression. Plan is a plan.Node (an untyped field here, because plan imports expr).
type Subquery struct {
	Typed
	Kind    SubqueryKind
	Plan    any
	Test    Expr    // of Any and All: over the subquery's columns (Vars) and the outer row
	Columns []ColID // the subquery's output columns
	Outer   []ColID // columns of enclosing queries that it reads; empty: it can be run once
}

// Aggregate is an aggregate call; it stands only in plan.Aggregate, elsewhere a Var refers to its result.
type Aggregate struct {
	Typed
	Proc     *pgfacts.Proc
	Def      *builtin.Def
	Args     []Expr // none: count(*)
	Star     bool
	Direct   []Expr // direct arguments of ordered-set aggregates
	Distinct bool
	Order    []SortKey // aggregate's own ORDER BY, or WITHIN GROUP
	Filter   Expr
	Variadic bool
}

// SortKey is one key of an ordering. Compare orders as the operator says; nil: the type's default order.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
	Operator   pgtype.OID // of USING, 0 for default
}

// Grouping is GROUPING(a, b): bits by whether each group key is aggregated over in the current grouping set.
type Grouping struct {
	Typed
	Keys []int // positions of the group keys
}

// Default stands for DEFAULT in VALUES of an INSERT until the binder replaces it; it is never evaluated.
type Default struct{ Typed }

// NextValue is nextval of an identity column's sequence, without the privilege check on the sequence.
type NextValue struct {
	Typed
	Sequence pgtype.OID
}
