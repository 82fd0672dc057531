package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// windowDefinitions is what errors call the clauses of a window.
const windowDefinitions = "window definitions"

// windowDef is a window of a query: of its WINDOW clause, or of an OVER with a specification of its own.
type windowDef struct {
	node        *pg_query.WindowDef
	partition   []expr.SortKey // with the directions of equal keys in order, as PostgreSQL sorts them
	order       []expr.SortKey
	copiedOrder bool // from the window that this one refers to
	frame       plan.Frame
	refs        []int // of partition and order: numbers of the expressions among the query's sort and group keys
}

// The bits of WindowDef.FrameOptions.
const (
	frameNonDefault              = 0x00001
	frameRange                   = 0x00002
	frameRows                    = 0x00004
	frameGroups                  = 0x00008
	frameBetween                 = 0x00010
	frameStartUnboundedPreceding = 0x00020
	frameEndUnboundedFollowing   = 0x00100
	frameStartCurrentRow         = 0x00200
	frameEndCurrentRow           = 0x00400
	frameStartOffsetPreceding    = 0x00800
	frameEndOffsetPreceding      = 0x01000
	frameStartOffsetFollowing    = 0x02000
	frameEndOffsetFollowing      = 0x04000
	frameExcludeCurrentRow       = 0x08000
	frameExcludeGroup            = 0x10000
	frameExcludeTies             = 0x20000
	frameOffsets                 = frameStartOffsetPreceding | frameStartOffsetFollowing | frameEndOffsetPreceding | frameEndOffsetFollowing
	frameDefaults                = frameRange | frameStartUnboundedPreceding | frameEndCurrentRow
)

func namedWindows(list []*pg_query.Node) []*windowDef {
	var out []*windowDef
	for _, n := range list {
		out = append(out, &windowDef{node: n.GetWindowDef()})
	}
	return out
}

// windowCall binds a call with OVER: of a window function or of an aggregate.
func (b *binder) windowCall(c *call) expr.Expr {
	n := c.node
	b.bindArguments(c, n.Args)
	if n.AggWithinGroup {
		for _, o := range n.AggOrder {
			c.args = append(c.args, b.expr(o.GetSortBy().Node))
		}
	}
	w := &expr.WindowCall{Star: n.AggStar, Variadic: n.FuncVariadic}
	if n.AggFilter != nil {
		w.Filter = b.toBool(b.in(kindFilter, n.AggFilter), "FILTER")
	}
	x, kind := b.findFunction(c)
	switch kind {
	case foundNothing:
		b.noFunction(c)
	case foundMany:
		b.failAt(c.loc, pgerr.Newf(pgerr.AmbiguousFunction, "function %s is not unique", c.signature()).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts."))
	}
	if kind == foundCast || x.what.Kind != 'a' && x.what.Kind != 'w' {
		b.notWindowFunction(c)
	}
	w.Proc = x.what
	b.checkWindowForm(c, w)
	w.Def = b.env.Library.Def(w.Proc.OID)
	args, result := b.finishArguments(c, x)
	w.Args, w.Typed = args, typed(result, -1)
	b.noteVolatile(w.Proc)
	b.placeWindowCall(w, n)
	return b.at(w, c.loc)
}

// notWindowFunction refuses the decorations of aggregates and windows on other functions.
func (b *binder) notWindowFunction(c *call) {
	n := c.node
	what := "OVER specified, but %s is not a window function nor an aggregate function"
	switch {
	case n.AggStar:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", c.name, c.name)
	case n.AggDistinct:
		what = "DISTINCT specified, but %s is not an aggregate function"
	case n.AggWithinGroup:
		what = "WITHIN GROUP specified, but %s is not an aggregate function"
	case len(n.AggOrder) > 0:
		what = "ORDER BY specified, but %s is not an aggregate function"
	case n.AggFilter != nil:
		what = "FILTER specified, but %s is not an aggregate function"
	}
	b.errorf(c.loc, pgerr.WrongObjectType, what, c.name)
}

func (b *binder) checkWindowForm(c *call, w *expr.WindowCall) {
	n := c.node
	aggregate := w.Proc.Kind == 'a'
	if info := aggregateIndex()[w.Proc.OID]; aggregate && info != nil && info.Kind != 'n' {
		if !n.AggWithinGroup {
			b.errorf(c.loc, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", c.name)
		}
		b.errorf(c.loc, pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", c.name)
	}
	switch {
	case n.AggWithinGroup && aggregate:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", c.name)
	case n.AggWithinGroup:
		b.errorf(c.loc, pgerr.WrongObjectType, "window function %s cannot have WITHIN GROUP", c.name)
	case n.AggDistinct:
		b.errorf(c.loc, pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case aggregate && len(c.args) == 0 && !n.AggStar:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.name)
	case len(n.AggOrder) > 0:
		b.errorf(c.loc, pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case !aggregate && n.AggFilter != nil:
		b.errorf(c.loc, pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	}
	for _, a := range c.args {
		if returnsSet(a) {
			b.failAt(b.loc(a), pgerr.New(pgerr.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
		}
	}
}

// windowCallIn finds a call over a window in an expression, those in subqueries excepted.
func windowCallIn(e expr.Expr) *expr.WindowCall {
	var found *expr.WindowCall
	expr.Walk(e, func(x expr.Expr) bool {
		if w, ok := x.(*expr.WindowCall); ok && found == nil {
			found = w
		}
		return found == nil
	})
	return found
}

// placeWindowCall checks that a call may stand in its clause and finds its window among the query's; equal specifications are one window.
func (b *binder) placeWindowCall(w *expr.WindowCall, n *pg_query.FuncCall) {
	for _, a := range append(slices.Clone(w.Args), w.Filter) {
		if inner := windowCallIn(a); inner != nil {
			b.errorf(b.loc(inner), pgerr.WindowingError, "window function calls cannot be nested")
		}
	}
	q := b.scope.query
	if c := clauses[b.scope.kind]; !c.windows || q == nil {
		name := c.name
		switch b.scope.kind {
		case kindNone:
			name = clauses[kindFromFunction].name
		case kindWindowRange, kindWindowRows, kindWindowGroups:
			name = windowDefinitions
		}
		b.errorf(n.Location, pgerr.WindowingError, "window functions are not allowed in %s", name)
	}
	b.scope.hasWindows = true
	over := n.Over
	if over.Name != "" {
		w.Window = slices.IndexFunc(q.windows, func(d *windowDef) bool { return d.node.Name == over.Name })
		if w.Window < 0 {
			b.errorf(over.Location, pgerr.UndefinedObject, "window \"%s\" does not exist", over.Name)
		}
		return
	}
	w.Window = slices.IndexFunc(q.windows, func(d *windowDef) bool {
		return d.node.Name == "" && sameTree(d.node.ProtoReflect(), over.ProtoReflect()) || d.node.Name != "" && sameSpecification(d.node, over)
	})
	if w.Window < 0 {
		w.Window = len(q.windows)
		q.windows = append(q.windows, &windowDef{node: over})
	}
}

// sameSpecification compares a named window's specification with an OVER's.
func sameSpecification(d, over *pg_query.WindowDef) bool {
	return d.Refname == over.Refname && d.FrameOptions == over.FrameOptions &&
		slices.EqualFunc(d.PartitionClause, over.PartitionClause, sameNode) && slices.EqualFunc(d.OrderClause, over.OrderClause, sameNode) &&
		sameNode(d.StartOffset, over.StartOffset) && sameNode(d.EndOffset, over.EndOffset)
}

func sameNode(a, b *pg_query.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameTree(a.ProtoReflect(), b.ProtoReflect())
}

// sameTree compares two trees of the parser without regard to where they stand in the text.
func sameTree(a, b protoreflect.Message) bool {
	if a.Descriptor() != b.Descriptor() {
		return false
	}
	same := true
	var compare func(f protoreflect.FieldDescriptor, x, y protoreflect.Value) bool
	compare = func(f protoreflect.FieldDescriptor, x, y protoreflect.Value) bool {
		if f.Kind() == protoreflect.MessageKind {
			return sameTree(x.Message(), y.Message())
		}
		return x.Equal(y)
	}
	fields := a.Descriptor().Fields()
	for i := 0; same && i < fields.Len(); i++ {
		f := fields.Get(i)
		switch {
		case f.Name() == "location":
		case a.Has(f) != b.Has(f):
			same = false
		case !a.Has(f):
		case f.IsList():
			x, y := a.Get(f).List(), b.Get(f).List()
			same = x.Len() == y.Len()
			for j := 0; same && j < x.Len(); j++ {
				same = compare(f, x.Get(j), y.Get(j))
			}
		default:
			same = compare(f, a.Get(f), b.Get(f))
		}
	}
	return same
}

// windowClause binds the windows of a query, those of its WINDOW clause first.
func (b *binder) windowClause(q *query) {
	refs := q.sortGroupRefs()
	for i, d := range q.windows {
		n := d.node
		find := func(name string) *windowDef {
			at := slices.IndexFunc(q.windows[:i], func(o *windowDef) bool { return o.node.Name == name })
			if at < 0 {
				return nil
			}
			return q.windows[at]
		}
		if n.Name != "" && find(n.Name) != nil {
			b.errorf(n.Location, pgerr.WindowingError, "window \"%s\" is already defined", n.Name)
		}
		var base *windowDef
		if n.Refname != "" {
			if base = find(n.Refname); base == nil {
				b.errorf(n.Location, pgerr.UndefinedObject, "window \"%s\" does not exist", n.Refname)
			}
		}
		d.order = b.windowOrder(n.OrderClause)
		d.partition = b.windowPartition(n.PartitionClause, d.order)
		if base != nil {
			b.inheritWindow(d, base)
		}
		d.refs = refs.of(d)
		b.windowFrame(d)
	}
}

// windowOrder binds ORDER BY of a window: expressions only, no names or numbers of output columns.
func (b *binder) windowOrder(list []*pg_query.Node) []expr.SortKey {
	var out []expr.SortKey
	for _, n := range list {
		s := n.GetSortBy()
		item := sortItem{target: &target{e: b.windowKey(s.Node, kindWindowOrder)}}
		b.sortDirection(&item, s)
		b.completeSort(&item)
		if !slices.ContainsFunc(out, func(k expr.SortKey) bool { return expr.Equal(k.Expr, item.key.Expr) }) {
			out = append(out, item.key)
		}
	}
	return out
}

func (b *binder) windowPartition(list []*pg_query.Node, order []expr.SortKey) []expr.SortKey {
	var out []expr.SortKey
	for _, n := range list {
		k := expr.SortKey{Expr: b.windowKey(n, kindWindowPartition)}
		if !comparable(k.Expr.Type()) {
			b.noEquality(k.Expr, k.Expr.Type())
		}
		same := func(o expr.SortKey) bool { return expr.Equal(o.Expr, k.Expr) }
		if at := slices.IndexFunc(order, same); at >= 0 {
			k = order[at]
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, k)
		}
	}
	return out
}

func (b *binder) windowKey(n *pg_query.Node, kind exprKind) expr.Expr {
	e := b.in(kind, n)
	if e.Type() == unknownType {
		e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
	}
	return e
}

// inheritWindow takes over what a window says that another refers to.
func (b *binder) inheritWindow(d, base *windowDef) {
	n := d.node
	if len(d.partition) > 0 {
		b.errorf(n.Location, pgerr.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", n.Refname)
	}
	d.partition = base.partition
	own := len(d.order) > 0
	switch {
	case own && len(base.order) > 0:
		b.errorf(n.Location, pgerr.WindowingError, "cannot override ORDER BY clause of window \"%s\"", n.Refname)
	case !own:
		d.order, d.copiedOrder = base.order, true
	}
	if base.node.FrameOptions == frameDefaults {
		return
	}
	e := pgerr.Newf(pgerr.WindowingError, "cannot copy window \"%s\" because it has a frame clause", n.Refname)
	if n.Name == "" && !own && n.FrameOptions == frameDefaults {
		e.WithHint("Omit the parentheses in this OVER clause.")
	}
	b.failAt(n.Location, e)
}

// windowFrame binds the frame clause.
func (b *binder) windowFrame(d *windowDef) {
	n, o := d.node, d.node.FrameOptions
	switch {
	case o&frameRows != 0:
		d.frame.Unit = plan.FrameRows
	case o&frameGroups != 0:
		d.frame.Unit = plan.FrameGroups
		if len(d.order) == 0 {
			b.errorf(n.Location, pgerr.WindowingError, "GROUPS mode requires an ORDER BY clause")
		}
	case o&frameOffsets != 0 && len(d.order) != 1:
		b.errorf(n.Location, pgerr.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	d.frame.Start = b.frameBound(d, n.StartOffset, o, frameStartCurrentRow, frameStartOffsetPreceding, frameStartOffsetFollowing)
	d.frame.End = b.frameBound(d, n.EndOffset, o, frameEndCurrentRow, frameEndOffsetPreceding, frameEndOffsetFollowing)
	switch {
	case o&frameExcludeCurrentRow != 0:
		d.frame.Exclude = plan.ExcludeCurrentRow
	case o&frameExcludeGroup != 0:
		d.frame.Exclude = plan.ExcludeGroup
	case o&frameExcludeTies != 0:
		d.frame.Exclude = plan.ExcludeTies
	}
}

func (b *binder) frameBound(d *windowDef, offset *pg_query.Node, options, current, preceding, following int32) plan.FrameBound {
	bound := plan.FrameBound{}
	switch {
	case options&current != 0:
		bound.Kind = plan.CurrentRow
	case options&preceding != 0:
		bound.Kind = plan.Preceding
	case options&following != 0:
		bound.Kind = plan.Following
	}
	if offset == nil {
		return bound
	}
	name := ""
	switch d.frame.Unit {
	case plan.FrameRows:
		name, bound.Offset = "ROWS", b.toType(b.in(kindWindowRows, offset), int8Type, "ROWS")
	case plan.FrameGroups:
		name, bound.Offset = "GROUPS", b.toType(b.in(kindWindowGroups, offset), int8Type, "GROUPS")
	default:
		name = "RANGE"
		bound.Offset, bound.InRange = b.rangeOffset(d.order[0].Expr.Type().BaseType(), b.in(kindWindowRange, offset))
	}
	b.withoutVariables(bound.Offset, name)
	return bound
}

// rangeOffset finds the function that tells what is at a distance in the order, by the types of the order and of the offset, and coerces the offset for it.
func (b *binder) rangeOffset(t *pgtype.Type, offset expr.Expr) (expr.Expr, *expr.Call) {
	const subject = "RANGE with offset PRECEDING/FOLLOWING"
	given := offset.Type()
	preferred := given
	if given == unknownType {
		preferred = t
	}
	known := false
	var fits []*expr.Call
	chosen := -1
	for _, p := range b.env.Library.Procs("in_range") {
		if p.Args[0] != t.OID {
			continue
		}
		known = true
		if b.canCoerce(given, b.typ(p.Args[2]), implicitCast) {
			if p.Args[2] == preferred.OID {
				chosen = len(fits)
			}
			fits = append(fits, &expr.Call{Typed: typed(boolType, -1), Proc: p, Code: b.env.Library.Scalar(p.OID)})
		}
	}
	switch {
	case !known:
		b.errorf(b.loc(offset), pgerr.FeatureNotSupported, "%s is not supported for column type %s", subject, opclassInput(t))
	case len(fits) == 0:
		b.failAt(b.loc(offset), pgerr.Newf(pgerr.FeatureNotSupported, "%s is not supported for column type %s and offset type %s", subject, t, given).
			WithHint("Cast the offset value to an appropriate type."))
	case len(fits) > 1 && chosen < 0:
		b.failAt(b.loc(offset), pgerr.Newf(pgerr.FeatureNotSupported, "%s has multiple interpretations for column type %s and offset type %s", subject, t, given).
			WithHint("Cast the offset value to the exact intended type."))
	}
	f := fits[max(chosen, 0)]
	return b.toType(offset, b.typ(f.Proc.Args[2]), "RANGE"), f
}

// opclassInput is the name of the type that a type's default operator class is declared for.
func opclassInput(t *pgtype.Type) string {
	switch {
	case t.IsArray():
		return "anyarray"
	case t.Kind == pgtype.KindEnum:
		return "anyenum"
	case t.Kind == pgtype.KindComposite:
		return "record"
	case t.OID == pgtype.OIDVarchar:
		return "text"
	}
	return t.String()
}

// withoutVariables refuses columns of this query in an expression that is evaluated once.
func (b *binder) withoutVariables(e expr.Expr, name string) {
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok {
			if en := b.entries[v.ID.Rel]; en == nil || en.scope == b.scope {
				b.errorf(b.loc(x), pgerr.InvalidColumnReference, "argument of %s must not contain variables", name)
			}
		}
		return true
	})
}

// sortGroupRefs numbers the expressions that a query sorts and groups by, in the order in which PostgreSQL does.
type sortGroupRefs struct{ list []expr.Expr }

func (q *query) sortGroupRefs() *sortGroupRefs {
	r := &sortGroupRefs{}
	for _, s := range q.sorts {
		r.ref(s.target.e)
	}
	for _, g := range q.groups {
		r.ref(g)
	}
	for _, t := range q.on {
		r.ref(t.e)
	}
	for _, t := range q.targets {
		if q.unique && !t.junk {
			r.ref(t.e)
		}
	}
	return r
}

func (r *sortGroupRefs) ref(e expr.Expr) int {
	for i, x := range r.list {
		if expr.Equal(x, e) {
			return i
		}
	}
	r.list = append(r.list, e)
	return len(r.list) - 1
}

func (r *sortGroupRefs) of(d *windowDef) []int {
	var order, out []int
	for _, k := range d.order {
		order = append(order, r.ref(k.Expr))
	}
	for _, k := range d.partition {
		out = append(out, r.ref(k.Expr))
	}
	return append(out, order...)
}
