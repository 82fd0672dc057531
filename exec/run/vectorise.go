package run

import (
	"runtime"
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/vec"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// vectoriser makes the vectorised form of a subtree of a plan: of each node that package vec has an operator for, and row operators under an adapter for the rest.
type vectoriser struct {
	b     *builder
	top   plan.Node
	types map[expr.ColID]*pgtype.Type
	scans map[*plan.Scan]*vecScan
	order []*vecScan

	mu     sync.Mutex
	shared map[expr.Expr]*sharedValue
}

// sharedValue is an expression that is computed once per run.
type sharedValue struct {
	eval  expr.Eval
	run   uint64
	value pgtype.Datum
}

func newVectoriser(b *builder, root plan.Node) *vectoriser {
	v := &vectoriser{b: b, top: root, types: make(map[expr.ColID]*pgtype.Type), scans: make(map[*plan.Scan]*vecScan), shared: make(map[expr.Expr]*sharedValue)}
	v.learn(root)
	return v
}

// learn notes the types of the columns that expressions read, and of those that nodes make: DISTINCT and UNION read columns without an expression.
func (v *vectoriser) learn(n plan.Node) {
	if columns := n.Columns(); len(columns) > 0 {
		if types := columnTypes(n); len(types) == len(columns) {
			for i, id := range columns {
				if types[i] != nil {
					v.types[id] = types[i]
				}
			}
		}
	}
	plan.WalkExprs(n, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			if c, ok := x.(*expr.Var); ok {
				v.types[c.ID] = c.T
			}
			return true
		})
	})
	for _, c := range n.Children() {
		v.learn(c)
	}
}

func (v *vectoriser) kinds(columns []expr.ColID) []column.Kind {
	out := make([]column.Kind, len(columns))
	for i, id := range columns {
		out[i] = column.Datum
		if t := v.types[id]; t != nil {
			out[i] = column.KindOf(t)
		}
	}
	return out
}

// share computes an expression that is the same for all rows, once per run.
func (v *vectoriser) share(e expr.Expr) (pgtype.Datum, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.shared[e]
	if s == nil {
		eval, err := v.b.compiler(nil, nil).Compile(e)
		if err != nil {
			return pgtype.Null, err
		}
		s = &sharedValue{eval: eval}
		v.shared[e] = s
	}
	rt := v.b.exec.RT
	if s.run == rt.Run {
		return s.value, nil
	}
	value, err := s.eval(&expr.Frame{RT: rt})
	if err == nil {
		s.run, s.value = rt.Run, value
	}
	return value, err
}

// operator makes the operator of a node.
func (v *vectoriser) operator(n plan.Node) (vec.Operator, error) {
	op, err := v.form(n)
	if m := v.b.measures; m != nil && err == nil && n != v.top && supported(n) {
		return &measuredColumns{Operator: op, actual: m.of(n), timing: m.timing}, nil
	}
	return op, err
}

func (v *vectoriser) form(n plan.Node) (vec.Operator, error) {
	if !supported(n) {
		return v.byRows(n)
	}
	switch n := n.(type) {
	case *plan.Scan:
		return v.scan(n)
	case *plan.Filter:
		input, err := v.operator(n.Input)
		return vec.Filter(input, n.Input.Columns(), n.Cond, v.share), err
	case *plan.Project:
		input, err := v.operator(n.Input)
		return vec.Project(input, n.Input.Columns(), n.Exprs, v.share), err
	case *plan.Join:
		return v.join(n)
	case *plan.Aggregate:
		input, err := v.operator(n.Input)
		return &vec.Aggregate{Input: input, Columns: n.Input.Columns(), Keys: n.Keys, Aggs: n.Aggs, Shared: v.share}, err
	case *plan.Sort:
		return v.sort(n, nil)
	case *plan.Limit:
		return v.limit(n)
	case *plan.Distinct:
		return v.distinct(n.Input, n.Input.Columns())
	case *plan.SetOp:
		return v.union(n)
	}
	return v.byRows(n)
}

// byRows makes an adapter over the row operator of a node, below which vectors may begin again.
func (v *vectoriser) byRows(n plan.Node) (vec.Operator, error) {
	op, err := v.b.build(n, nil)
	return &vec.FromRows{Input: &rowInput{v.b.exec, op}, Kinds: v.kinds(n.Columns())}, err
}

// rowInput is a row operator without outer rows.
type rowInput struct {
	exec *Exec
	Operator
}

func (r *rowInput) Open() error { return r.Operator.Open(&expr.Frame{RT: r.exec.RT}) }

func (v *vectoriser) sort(n *plan.Sort, bound func() (int64, error)) (vec.Operator, error) {
	input, err := v.operator(n.Input)
	return &vec.Sort{Input: input, Columns: n.Input.Columns(), Kinds: v.kinds(n.Input.Columns()), Keys: n.Keys, Bound: bound, Shared: v.share}, err
}

func (v *vectoriser) limit(n *plan.Limit) (vec.Operator, error) {
	free := v.b.compiler(nil, nil)
	var count, offset expr.Eval
	var err error
	if n.Count != nil {
		if count, err = free.Compile(n.Count); err != nil {
			return nil, err
		}
	}
	if n.Offset != nil {
		if offset, err = free.Compile(n.Offset); err != nil {
			return nil, err
		}
	}
	bounds := func() (int64, int64, error) { return limits(count, offset, &expr.Frame{RT: v.b.exec.RT}) }
	var input vec.Operator
	if s, ok := n.Input.(*plan.Sort); ok && supported(s) {
		input, err = v.sort(s, func() (int64, error) {
			left, skip, err := bounds()
			if left < 0 {
				return -1, err
			}
			return left + skip, err
		})
		if m := v.b.measures; m != nil && err == nil {
			input = &measuredColumns{Operator: input, actual: m.of(s), timing: m.timing}
		}
	} else {
		input, err = v.operator(n.Input)
	}
	return &vec.Limit{Input: input, Bounds: bounds}, err
}

// distinct groups by all columns.
func (v *vectoriser) distinct(n plan.Node, columns []expr.ColID) (vec.Operator, error) {
	input, err := v.operator(n)
	return &vec.Aggregate{Input: input, Columns: columns, Keys: asVars(columns, columnTypes(n)), Shared: v.share}, err
}

func asVars(columns []expr.ColID, types []*pgtype.Type) []expr.Expr {
	out := make([]expr.Expr, len(columns))
	for i, id := range columns {
		out[i] = &expr.Var{Typed: expr.Typed{T: types[i], Mod: -1}, ID: id}
	}
	return out
}

func (v *vectoriser) union(n *plan.SetOp) (vec.Operator, error) {
	left, err := v.operator(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := v.operator(n.Right)
	if err != nil {
		return nil, err
	}
	both := &vec.Concat{Left: left, Right: right}
	if n.All {
		return both, nil
	}
	columns := n.Columns()
	return &vec.Aggregate{Input: both, Columns: columns, Keys: asVars(columns, typedTypes(n.Types)), Shared: v.share}, nil
}

func (v *vectoriser) join(n *plan.Join) (vec.Operator, error) {
	left, err := v.operator(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := v.operator(n.Right)
	if err != nil {
		return nil, err
	}
	l, r := n.Left.Columns(), n.Right.Columns()
	if n.BuildLeft && (n.Kind == plan.Semi || n.Kind == plan.Anti) {
		return &vec.MarkJoin{Kind: n.Kind, Left: left, Right: right, LeftColumns: l, RightColumns: r, LeftKinds: v.kinds(l), LeftKeys: n.LeftKeys,
			RightKeys: n.RightKeys, Cond: n.Cond, Shared: v.share, Targets: v.targets(n.Right, n.RightKeys)}, nil
	}
	j := &vec.Join{Kind: n.Kind, Left: left, Right: right, LeftColumns: l, RightColumns: r, LeftKeys: n.LeftKeys, RightKeys: n.RightKeys, Cond: n.Cond,
		Shared: v.share, LeftKinds: v.kinds(l), RightKinds: v.kinds(r), Targets: v.targets(n.Left, n.LeftKeys)}
	if n.BuildLeft && n.Kind == plan.Left { // a right join with the sides changed, and the columns changed back
		j.Kind, j.Left, j.Right, j.LeftColumns, j.RightColumns = plan.Right, right, left, r, l
		j.LeftKeys, j.RightKeys, j.LeftKinds, j.RightKinds = n.RightKeys, n.LeftKeys, j.RightKinds, j.LeftKinds
		j.Targets = v.targets(n.Right, n.RightKeys)
		order := make([]int, 0, len(l)+len(r))
		for i := range l {
			order = append(order, len(r)+i)
		}
		for i := range r {
			order = append(order, i)
		}
		return vec.Rearrange(j, order), nil
	}
	return j, nil
}

// targets are the scans below a node in whose columns join keys lie as they are.
func (v *vectoriser) targets(n plan.Node, keys []expr.Expr) []vec.FilterTarget {
	var out []vec.FilterTarget
	for i, key := range keys {
		if c, ok := key.(*expr.Var); ok {
			if scan, at := v.origin(n, c.ID); scan != nil {
				out = append(out, vec.FilterTarget{Scan: scan, Column: at, Key: i})
			}
		}
	}
	return out
}

// origin finds the scan that a column comes from unchanged, such that a row of the scan can be left out when no row with its value is wanted.
func (v *vectoriser) origin(n plan.Node, id expr.ColID) (*vec.Scan, int) {
	switch n := n.(type) {
	case *plan.Scan:
		if s := v.scans[n]; s != nil {
			for i, c := range n.Columns() {
				if c == id {
					return &s.Scan, i
				}
			}
		}
	case *plan.Filter:
		return v.origin(n.Input, id)
	case *plan.Sort:
		return v.origin(n.Input, id)
	case *plan.Distinct:
		if n.On == nil && supported(n) {
			return v.origin(n.Input, id)
		}
	case *plan.Project:
		if id.Rel == n.Rel && supported(n) {
			if c, ok := n.Exprs[id.Num-1].(*expr.Var); ok {
				return v.origin(n.Input, c.ID)
			}
		}
	case *plan.Aggregate:
		if id.Rel == n.Rel && int(id.Num) <= len(n.Keys) && supported(n) {
			if c, ok := n.Keys[id.Num-1].(*expr.Var); ok {
				return v.origin(n.Input, c.ID)
			}
		}
	case *plan.Join:
		if !supported(n) || n.Kind == plan.Full || n.Kind == plan.Right {
			return nil, 0
		}
		if s, at := v.origin(n.Left, id); s != nil {
			return s, at
		}
		if n.Kind == plan.Inner {
			return v.origin(n.Right, id)
		}
	}
	return nil, 0
}

// workers is how many goroutines a pipeline has.
func workers() int { return max(1, runtime.GOMAXPROCS(0)) }

// supported tells whether package vec has an operator for a node with its expressions; of its inputs nothing is asked.
func supported(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan:
		return columnar(n) && vec.Supports(n.Columns(), n.Filter)
	case *plan.Filter:
		return vec.Supports(n.Input.Columns(), n.Cond)
	case *plan.Project:
		return vec.Supports(n.Input.Columns(), n.Exprs...)
	case *plan.Join:
		return supportedJoin(n)
	case *plan.Aggregate:
		return supportedAggregate(n)
	case *plan.Sort:
		return vec.CanSort(n.Keys) && vec.Supports(n.Input.Columns(), sortExprs(n.Keys)...)
	case *plan.Limit:
		return !n.WithTies
	case *plan.Distinct:
		return n.On == nil && groupable(columnTypes(n.Input))
	case *plan.SetOp:
		return n.Kind == plan.Union && (n.All || groupable(typedTypes(n.Types)))
	}
	return false
}

// columnar tells whether a scan reads rows in the order of the primary key, forward.
func columnar(n *plan.Scan) bool {
	a := &n.Access
	if _, ages := userdata.Option(n.Table.Options, "ttl"); ages || n.Table.Kind != desc.Table || a.Reverse || a.In != nil || a.Index != nil && !a.Index.Clustered() {
		return false
	}
	for _, num := range n.Nums {
		if num < 0 {
			return false
		}
	}
	return true
}

func sortExprs(keys []expr.SortKey) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i := range keys {
		out[i] = keys[i].Expr
	}
	return out
}

func groupable(types []*pgtype.Type) bool {
	for _, t := range types {
		if t == nil || !vec.CanGroup(t) {
			return false
		}
	}
	return types != nil
}

func supportedJoin(n *plan.Join) bool {
	if n.Lateral {
		return false
	}
	for i := range n.LeftKeys {
		if !vec.CanJoin(n.LeftKeys[i].Type(), n.RightKeys[i].Type()) {
			return false
		}
	}
	left, right := n.Left.Columns(), n.Right.Columns()
	both := append(left[:len(left):len(left)], right...)
	return vec.Supports(left, n.LeftKeys...) && vec.Supports(right, n.RightKeys...) && vec.Supports(both, n.Cond)
}

func supportedAggregate(n *plan.Aggregate) bool {
	if n.Sets != nil || len(n.Grouping) > 0 {
		return false
	}
	columns := n.Input.Columns()
	for _, k := range n.Keys {
		if !vec.CanGroup(k.Type()) {
			return false
		}
	}
	for _, a := range n.Aggs {
		if !vec.CanAggregate(a) || !vec.Supports(columns, a.Args...) || !vec.Supports(columns, a.Filter) {
			return false
		}
	}
	return vec.Supports(columns, n.Keys...)
}
