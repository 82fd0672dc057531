package plan

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
)

// CurrentOf yields the row of a table that a cursor is on (WHERE CURRENT OF), with the columns of Scan, or nothing when that row is gone.
type CurrentOf struct {
	Scan   *Scan
	Cursor string
}

// Columns implements Node.
func (n *CurrentOf) Columns() []expr.ColID { return n.Scan.Columns() }

// Children implements Node.
func (n *CurrentOf) Children() []Node { return nil }

// CursorRows says through which tables of a cursor's query its rows can be changed. Their locators are columns of the plan's rows behind those of the result.
type CursorRows struct {
	Locked bool // the query has FOR UPDATE or its kin, on these tables
	Tables []CursorTable
}

// CursorTable is one table of a CursorRows.
type CursorTable struct {
	Table desc.OID
	At    int // of its locator in the plan's rows
}

// Sample passes on some rows of a table (TABLESAMPLE): each with a chance of Percent in 100 by itself, or with System together with its neighbours. Equal seeds give
// equal samples of an unchanged table; without one each run has its own.
type Sample struct {
	Input   Node
	System  bool
	Percent expr.Expr
	Seed    expr.Expr // nil: none
}

// Columns implements Node.
func (n *Sample) Columns() []expr.ColID { return n.Input.Columns() }

// Children implements Node.
func (n *Sample) Children() []Node { return []Node{n.Input} }
