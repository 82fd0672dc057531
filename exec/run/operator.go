package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// Operator yields rows on demand; see the package comment for its contract.
type Operator interface {
	Open(outer *expr.Frame) error
	Next() ([]pgtype.Datum, error)
	Close()
}

// Exec is what one run of a program works with. The session fills it before Open and keeps it until Close.
type Exec struct {
	RT      *expr.Runtime
	Access  *userdata.Access
	Catalog catalog.Reader
	// Table opens a relation for storage, SystemTable finds the code behind a relation of class System.
	Table       func(rel *desc.Relation) (*userdata.Table, error)
	SystemTable func(oid desc.OID) catalog.SystemTable
	// Current gives the locator of the table's row that a cursor is on.
	Current func(cursor string, table *desc.Relation) (pgtype.Datum, error)

	// What rows that change mean to foreign keys: the statement's queue (nil: nothing is watched) and the transaction's state.
	Queue       *Queue
	Constraints *Constraints
	Foreign     Foreign

	// Load begins to take the many rows of an INSERT … SELECT, nil: they are inserted one by one.
	Load func(rel *desc.Relation) *userdata.Load

	depth  int     // of actions that lead to actions
	acting *acting // in an action's program

	Settings Settings // nil: everything by rows

	ctes map[int32]*cteState
}

// Foreign is a session's way to foreign keys.
type Foreign interface {
	// Key finds one that is runnable, nil when it has been dropped.
	Key(constraint desc.OID) (*ForeignKey, error)
	// Action gives the program of what one does to the referring rows when a referenced one is deleted or, with update, gets another key; done gives it back.
	Action(constraint desc.OID, update bool) (p *Program, done func(), err error)
	// Lock takes a lock on a relation for the transaction.
	Lock(relation desc.OID, mode kv.LockMode) error
}

// Settings are the session's settings that operators ask for when they need them.
type Settings interface {
	Vectorise() Vectorise // when plans run by columns
	QueryMemory() int64   // bytes that the operators of a query may keep, 0: no limit
}

// Ctx is the context of the run.
func (x *Exec) Ctx() context.Context { return x.RT.Ctx }

// Program is a plan made runnable for one session.
type Program struct {
	Root   Operator
	exec   *Exec
	access userdata.Access // the program's own, like the one it was started with
	frame  expr.Frame      // the outermost, without a row
	writes bool            // it is read as of its start, so that it does not see its own changes
	dml    *modify         // the top operator when it is INSERT, UPDATE or DELETE

	matViews []desc.OID // the materialized views that it reads
}

// Build makes a program of a plan.
func Build(node plan.Node) (*Program, error) { return buildWith(node, nil) }

func buildWith(node plan.Node, measures *Measures) (*Program, error) {
	var matViews []desc.OID
	b := &builder{exec: new(Exec), writes: writes(node), direct: direct(node), measures: measures, matViews: &matViews}
	root, err := b.build(node, nil)
	if err != nil {
		return nil, err
	}
	p := &Program{Root: root, exec: b.exec, writes: changes(node), matViews: matViews}
	if m, ok := root.(interface{ modifies() *modify }); ok {
		p.dml = m.modifies()
	}
	return p, nil
}

// Readable tells by an error (55000) that a materialized view which the program reads holds no rows before it is refreshed. Start asks too; who describes the rows
// to a client before the first is read asks earlier.
func (p *Program) Readable(r catalog.Reader) error {
	for _, oid := range p.matViews {
		if rel := r.Relation(oid); rel != nil && rel.Unpopulated {
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "materialized view \"%s\" has not been populated", rel.Name).
				WithHint("Use the REFRESH MATERIALIZED VIEW command.")
		}
	}
	return nil
}

// Start begins a run. x is copied; its maps of state are the program's own.
func (p *Program) Start(x Exec) error {
	if err := p.Readable(x.Catalog); err != nil {
		return err
	}
	*p.exec = x
	p.exec.ctes = nil
	p.access.Like(x.Access)
	p.exec.Access = &p.access
	if p.access.AsOf = 0; p.writes {
		p.access.AsOf = x.Access.Txn.Moment()
	}
	if p.dml != nil {
		p.dml.count = 0
	}
	p.frame = expr.Frame{RT: p.exec.RT}
	return p.Root.Open(&p.frame)
}

// Again begins another run under the same Exec, of which only the parameters have changed.
func (p *Program) Again() error {
	if p.dml != nil {
		p.dml.count = 0
	}
	if p.writes {
		p.access.AsOf = p.access.Txn.Moment()
	}
	return p.Root.Open(&p.frame)
}

// Finish does what the rows that the run has changed oblige it to: checks and actions of foreign keys. It is called at the end of the statement, which may be several
// runs (COPY).
func (p *Program) Finish() error { return p.exec.finish() }

// Watched tells whether the end of the statement can still be an error, as rows change that constraints look at then.
func (p *Program) Watched() bool {
	return p.dml != nil && p.dml.bound != nil && (p.dml.bound.Loose || len(p.dml.bound.Refers)+len(p.dml.bound.Referred) > 0)
}

// Writes tells whether the program changes rows, in its top operator or in a WITH query.
func (p *Program) Writes() bool { return p.writes }

// Affected is the number of rows that the top INSERT, UPDATE or DELETE has changed so far.
func (p *Program) Affected() int64 {
	if p.dml == nil {
		return 0
	}
	return p.dml.count
}

// direct tells whether a plan is a projection of one table's rows at most, or a change of each of them, so that no operator keeps a row while the next is read.
func direct(node plan.Node) bool {
	switch n := node.(type) {
	case *plan.Update:
		if watched(n.Rules) || !streams(n.Source, n.Returning, assignExprs(n.Set)) {
			return false
		}
		node = n.Source
	case *plan.Delete:
		if watched(n.Rules) || !streams(n.Source, n.Returning) {
			return false
		}
		node = n.Source
	}
	for {
		switch n := node.(type) {
		case *plan.Project:
			node = n.Input
		case *plan.Filter:
			node = n.Input
		case *plan.Limit:
			node = n.Input
		case *plan.Scan:
			return n.Access.In == nil
		default:
			return false
		}
	}
}

// watched tells whether foreign keys keep the changed rows of a table until they are checked.
func watched(r *plan.TableRules) bool { return r != nil && len(r.Refers)+len(r.Referred) > 0 }

// builder makes operators. It is used for one program.
type builder struct {
	exec     *Exec
	rowsOnly bool // make no vectorised forms
	writes   bool // the plan changes rows while it reads
	direct   bool // every row is done with before the next one is read: its bytes need not outlive it
	measures *Measures
	matViews *[]desc.OID // takes note of the materialized views that are read; nil: that has been done
}

// writes tells whether a plan changes or locks rows.
func writes(n plan.Node) bool {
	_, locks := n.(*plan.LockRows)
	return locks || changes(n) || slices.ContainsFunc(n.Children(), writes)
}

// changes tells whether a plan changes rows.
func changes(n plan.Node) bool {
	switch n.(type) {
	case *plan.Insert, *plan.Update, *plan.Delete, *plan.Merge:
		return true
	}
	return slices.ContainsFunc(n.Children(), changes)
}

func (b *builder) compiler(columns []expr.ColID, outer *expr.Scope) *expr.Compiler {
	return &expr.Compiler{Scope: expr.NewScope(columns, outer), Subquery: b.subquery}
}

// subquery makes the runner of a sub-select in an expression.
func (b *builder) subquery(s *expr.Subquery, scope *expr.Scope) (expr.Subplan, error) {
	node, ok := s.Plan.(plan.Node)
	if !ok {
		return nil, fmt.Errorf("run: a sub-select without a plan")
	}
	outer := b.direct
	b.direct = false // an expression may keep several rows of its sub-select
	op, err := b.build(node, scope)
	b.direct = outer
	return &subplan{op, columnTypes(node)}, err
}

// subplan is an operator that an expression runs.
type subplan struct {
	Operator
	types []*pgtype.Type
}

// Types are the types of the columns.
func (s *subplan) Types() []*pgtype.Type { return s.types }

// build makes the operator of a node. outer is the scope of the enclosing query's row, nil at the top.
func (b *builder) build(node plan.Node, outer *expr.Scope) (Operator, error) {
	op, err := b.operator(node, outer)
	if b.measures == nil || err != nil {
		return op, err
	}
	return &measured{Operator: op, actual: b.measures.of(node), timing: b.measures.timing}, nil
}

func (b *builder) operator(node plan.Node, outer *expr.Scope) (Operator, error) {
	if b.worthVectors(node) {
		return b.vectorised(node)
	}
	switch n := node.(type) {
	case *plan.Scan:
		if n.Table.Kind == desc.Sequence {
			return b.sequenceScan(n, outer)
		}
		return b.scan(n, outer)
	case *plan.SystemScan:
		return b.systemScan(n, outer)
	case *plan.Values:
		return b.values(n, outer)
	case *plan.OneRow:
		return &oneRow{}, nil
	case *plan.FuncScan:
		return b.funcScan(n, outer)
	case *plan.Filter:
		return b.filter(n, outer)
	case *plan.Project:
		return b.project(n, outer)
	case *plan.ProjectSet:
		return b.projectSet(n, outer)
	case *plan.Join:
		return b.join(n, outer)
	case *plan.Aggregate:
		return b.aggregate(n, outer)
	case *plan.CurrentOf:
		return &currentOf{exec: b.exec, n: n}, nil
	case *plan.Sample:
		return b.sample(n, outer)
	case *plan.Window:
		return b.window(n, outer)
	case *plan.Sort:
		return b.sort(n, outer, 0)
	case *plan.Limit:
		return b.limit(n, outer)
	case *plan.Distinct:
		return b.distinct(n, outer)
	case *plan.SetOp:
		return b.setOp(n, outer)
	case *plan.With:
		return b.with(n, outer)
	case *plan.CTEScan:
		return &cteScan{exec: b.exec, n: n}, nil
	case *plan.LockRows:
		return b.lockRows(n, outer)
	case *plan.Referring:
		return b.referring(n)
	case *plan.Insert:
		return b.insert(n, outer)
	case *plan.Update:
		return b.update(n, outer)
	case *plan.Delete:
		return b.delete(n, outer)
	case *plan.Merge:
		return b.merge(n, outer)
	}
	return nil, fmt.Errorf("run: no operator for %T", node)
}

// frameOf makes the frame that an operator evaluates its expressions in.
func frameOf(outer *expr.Frame, x *Exec) expr.Frame { return expr.Frame{Outer: outer, RT: x.RT} }

// copyRow copies a row and the bytes of its values.
func copyRow(arena *pgtype.Arena, row []pgtype.Datum) []pgtype.Datum {
	out := make([]pgtype.Datum, len(row))
	for i, d := range row {
		out[i] = arena.Own(d)
	}
	return out
}

// check gives the cause of a cancelled run. Operators that loop without yielding rows call it now and then.
func (x *Exec) check() error {
	if x.RT.Ctx.Err() != nil {
		return context.Cause(x.RT.Ctx)
	}
	return nil
}
