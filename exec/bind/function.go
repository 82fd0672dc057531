package bind

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// maxArguments is PostgreSQL's FUNC_MAX_ARGS.
const maxArguments = 100

// call is a function call on its way through resolution.
type call struct {
	node   *pg_query.FuncCall
	schema string
	name   string
	args   []expr.Expr
	names  []string // of the named arguments at the end, "" for positional ones; nil when none is named
	loc    int32
}

// funcCall binds a function call, an aggregate, or what merely looks like one: a cast or a column in function notation.
func (b *binder) funcCall(n *pg_query.FuncCall) expr.Expr {
	c := &call{node: n, loc: n.Location}
	c.schema, c.name = b.qualified(n.Funcname, n.Location)
	if len(n.Args) > maxArguments {
		b.errorf(n.Location, pgerr.TooManyArguments, "cannot pass more than %d arguments to a function", maxArguments)
	}
	if c.schema != "" {
		b.schema(c.schema, n.Location)
	}
	if n.Over != nil {
		return b.windowCall(c)
	}
	if agg := b.aggregateCandidate(c); agg {
		return b.aggregateCall(c)
	}
	if n.AggFilter != nil {
		b.errorf(n.Location, pgerr.WrongObjectType, "FILTER specified, but %s is not an aggregate function", c.name)
	}
	b.bindArguments(c, n.Args)
	c.dropVoidParams()
	if e := b.columnNotation(c); e != nil {
		return e
	}
	cand, kind := b.findFunction(c)
	switch kind {
	case foundCast:
		return b.castNotation(c)
	case foundNothing:
		b.noFunction(c)
	case foundMany:
		b.failAt(c.loc, pgerr.Newf(pgerr.AmbiguousFunction, "function %s is not unique", c.signature()).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts."))
	}
	b.plainFunctionOnly(c, cand.what)
	return b.buildCall(c, cand)
}

// dropVoidParams takes away the parameters of type void, by which JDBC's calls hold the place of results.
func (c *call) dropVoidParams() {
	if c.names != nil {
		return
	}
	c.args = slices.DeleteFunc(c.args, func(e expr.Expr) bool {
		p, ok := e.(*expr.Param)
		return ok && p.Type().OID == pgtype.OIDVoid
	})
}

// plainFunctionOnly refuses the decorations that only aggregates have.
func (b *binder) plainFunctionOnly(c *call, p *pgfacts.Proc) {
	n := c.node
	switch {
	case p.Kind == 'p':
		b.failAt(c.loc, pgerr.Newf(pgerr.WrongObjectType, "%s is a procedure", c.signature()).WithHint("To call a procedure, use CALL."))
	case p.Kind == 'w':
		b.errorf(c.loc, pgerr.WrongObjectType, "window function %s requires an OVER clause", p.Name)
	case n.AggStar:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", c.name, c.name)
	case n.AggDistinct:
		b.errorf(c.loc, pgerr.WrongObjectType, "DISTINCT specified, but %s is not an aggregate function", c.name)
	case n.AggWithinGroup:
		b.errorf(c.loc, pgerr.WrongObjectType, "WITHIN GROUP specified, but %s is not an aggregate function", c.name)
	case len(n.AggOrder) > 0:
		b.errorf(c.loc, pgerr.WrongObjectType, "ORDER BY specified, but %s is not an aggregate function", c.name)
	}
}

// bindArguments binds the arguments and collects the names of named ones.
func (b *binder) bindArguments(c *call, nodes []*pg_query.Node) {
	for i, a := range nodes {
		named := a.GetNamedArgExpr()
		if named == nil {
			if c.names != nil {
				b.errorf(nodeLoc(a), pgerr.SyntaxError, "positional argument cannot follow named argument")
			}
			c.args = append(c.args, b.expr(a))
			continue
		}
		if c.names == nil {
			c.names = make([]string, i, len(nodes))
		}
		if slices.Contains(c.names, named.Name) {
			b.errorf(named.Location, pgerr.SyntaxError, "argument name \"%s\" used more than once", named.Name)
		}
		c.args = append(c.args, b.expr(named.Arg))
		c.names = append(c.names, named.Name)
	}
}

func (c *call) signature() string {
	parts := make([]string, len(c.args))
	for i, a := range c.args {
		parts[i] = a.Type().String()
		if c.names != nil && c.names[i] != "" {
			parts[i] = c.names[i] + " => " + parts[i]
		}
	}
	name := c.name
	if c.schema != "" {
		name = c.schema + "." + name
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

// columnNotation is f(x) where f is a column of the composite value x.
func (b *binder) columnNotation(c *call) expr.Expr {
	n := c.node
	if len(c.args) != 1 || c.names != nil || c.schema != "" || n.AggStar || n.AggDistinct || n.FuncVariadic || len(n.AggOrder) > 0 ||
		n.Funcformat != pg_query.CoercionForm_COERCE_EXPLICIT_CALL {
		return nil
	}
	t := c.args[0].Type()
	if !isComplex(t) && t != recordType {
		return nil
	}
	return b.fieldOf(c.args[0], c.name, c.loc)
}

// found says what a function name in a call turned out to be.
type found uint8

const (
	foundNothing found = iota
	foundFunction
	foundMany
	foundCast
)

// findFunction resolves a call.
func (b *binder) findFunction(c *call) (candidate[*pgfacts.Proc], found) {
	types := typesOf(c.args)
	cands := b.functionCandidates(c)
	for _, x := range cands {
		if slices.Equal(x.args[:len(types)], types) {
			return x, foundFunction
		}
	}
	if len(types) == 1 && c.names == nil && b.isCastNotation(c, types[0]) {
		return candidate[*pgfacts.Proc]{}, foundCast
	}
	cands = matching(b, types, cands)
	switch len(cands) {
	case 0:
		return candidate[*pgfacts.Proc]{}, foundNothing
	case 1:
		return cands[0], foundFunction
	}
	if best, ok := selectCandidate(b, types, cands); ok {
		return best, foundFunction
	}
	return candidate[*pgfacts.Proc]{}, foundMany
}

// isCastNotation tells whether f(x) is a cast to the type f.
func (b *binder) isCastNotation(c *call, source *pgtype.Type) bool {
	t := b.lookupType(c.schema, c.name, c.loc)
	if t == nil || t.Kind == pgtype.KindPseudo || t.Kind == pgtype.KindComposite || c.node.GetFuncVariadic() {
		return false
	}
	if source == unknownType {
		return true
	}
	switch b.findPath(t, source, explicitCast).method {
	case relabel:
		return true
	case viaText:
		return !((source == recordType || isComplex(source)) && t.Category == 'S')
	}
	return false
}

func (b *binder) castNotation(c *call) expr.Expr {
	t := b.lookupType(c.schema, c.name, c.loc)
	return b.coerce(c.args[0], t, -1, explicitCast, expr.AsExplicitCast)
}

// functionCandidates lists the functions of the call's name that can take its number (and names) of arguments.
func (b *binder) functionCandidates(c *call) []candidate[*pgfacts.Proc] {
	var out []candidate[*pgfacts.Proc]
	for _, p := range b.env.Library.Procs(c.name) {
		if !b.inSchema(p, c.schema) {
			continue
		}
		if x, ok := b.fit(p, c); ok {
			out = addCandidate(out, x)
		}
	}
	return out
}

// inSchema tells whether a function is found under a schema name, or on the search path without one.
func (b *binder) inSchema(p *pgfacts.Proc, schema string) bool {
	own := "pg_catalog"
	if strings.HasPrefix(p.Name, "_pg_") {
		own = "information_schema"
	}
	if schema != "" {
		return schema == own
	}
	return own == "pg_catalog" || b.onPath(own)
}

func (b *binder) onPath(schema string) bool {
	for _, oid := range b.env.SearchPath {
		if s := b.env.Catalog.Schema(oid); s != nil && s.Name == schema {
			return true
		}
	}
	return false
}

// addCandidate drops what another overload with the same arguments makes unreachable: a variadic form, or one that needs more defaults.
func addCandidate(list []candidate[*pgfacts.Proc], x candidate[*pgfacts.Proc]) []candidate[*pgfacts.Proc] {
	for i, y := range list {
		n := min(len(x.args)-x.defaults, len(y.args)-y.defaults)
		if len(x.args)-x.defaults != len(y.args)-y.defaults || !slices.Equal(x.args[:n], y.args[:n]) {
			continue
		}
		if x.variadic && !y.variadic || x.defaults > y.defaults {
			return list
		}
		if y.variadic && !x.variadic || y.defaults > x.defaults {
			list[i] = x
			return list
		}
	}
	return append(list, x)
}

// fit maps the call's arguments onto a function's parameters.
func (b *binder) fit(p *pgfacts.Proc, c *call) (candidate[*pgfacts.Proc], bool) {
	x := candidate[*pgfacts.Proc]{what: p}
	n, m := len(c.args), len(p.Args)
	if c.names != nil {
		return b.fitNamed(p, c)
	}
	if p.Variadic != 0 && !c.node.GetFuncVariadic() && n >= m {
		x.variadic = true
		for i := range n {
			if i < m-1 {
				x.args = append(x.args, b.typ(p.Args[i]))
			} else {
				x.args = append(x.args, b.typ(p.Variadic))
			}
		}
		return x, true
	}
	if p.Variadic != 0 && c.node.GetFuncVariadic() && n != m || n > m || n+len(p.Defaults) < m {
		return x, false
	}
	if c.node.GetFuncVariadic() && p.Variadic == 0 {
		return x, false
	}
	for _, a := range p.Args {
		x.args = append(x.args, b.typ(a))
	}
	x.defaults = m - n
	return x, true
}

// fitNamed matches named arguments; parameters that are not given must have defaults.
func (b *binder) fitNamed(p *pgfacts.Proc, c *call) (candidate[*pgfacts.Proc], bool) {
	x := candidate[*pgfacts.Proc]{what: p}
	if len(p.ArgNames) < len(p.Args) || p.Variadic != 0 && !c.node.GetFuncVariadic() || len(c.args) > len(p.Args) {
		return x, false
	}
	taken := make([]bool, len(p.Args))
	inputs := inputNames(p)
	for i, name := range c.names {
		at := i
		if name != "" {
			at = slices.Index(inputs, name)
		}
		if at < 0 || taken[at] {
			return x, false
		}
		taken[at] = true
		x.order = append(x.order, at)
		x.args = append(x.args, b.typ(p.Args[at]))
	}
	for i, t := range taken {
		if !t {
			if i < len(p.Args)-len(p.Defaults) {
				return x, false
			}
			x.defaults++
			x.order = append(x.order, i)
			x.args = append(x.args, b.typ(p.Args[i]))
		}
	}
	return x, true
}

// inputNames are the names of the input parameters.
func inputNames(p *pgfacts.Proc) []string {
	if p.Modes == "" {
		return p.ArgNames
	}
	var out []string
	for i, m := range p.Modes {
		if (m == 'i' || m == 'b' || m == 'v') && i < len(p.ArgNames) {
			out = append(out, p.ArgNames[i])
		}
	}
	return out
}

func (b *binder) noFunction(c *call) {
	e := pgerr.Newf(pgerr.UndefinedFunction, "function %s does not exist", c.signature())
	if len(c.node.GetAggOrder()) > 0 && !c.node.GetAggWithinGroup() {
		e.WithHint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.")
	} else {
		e.WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	}
	b.failAt(c.loc, e)
}

// buildCall makes the call of a resolved function: defaults filled in, arguments in their declared order and coerced, polymorphic types made concrete.
func (b *binder) buildCall(c *call, x candidate[*pgfacts.Proc]) expr.Expr {
	p := x.what
	args, result := b.finishArguments(c, x)
	b.noteVolatile(p)
	variadic := c.node.GetFuncVariadic()
	if p.RetSet {
		b.checkSetAllowed(c.loc)
		return b.at(&expr.SetCall{Typed: typed(result, -1), Proc: p, Code: b.env.Library.Set(p.OID), Args: args, Variadic: variadic}, c.loc)
	}
	form, keyword := expr.AsFunction, ""
	if c.node.GetFuncformat() == pg_query.CoercionForm_COERCE_SQL_SYNTAX {
		form, keyword = expr.AsSQLFunction, p.Name
	}
	mod := int32(-1)
	return b.at(&expr.Call{
		Typed: typed(result, mod), Proc: p, Code: b.env.Library.Scalar(p.OID), Args: args, Form: form, Keyword: keyword, Variadic: variadic,
	}, c.loc)
}

// finishArguments gives a call's arguments as the function takes them, and the type of its result.
func (b *binder) finishArguments(c *call, x candidate[*pgfacts.Proc]) ([]expr.Expr, *pgtype.Type) {
	p := x.what
	args := slices.Clone(c.args)
	if x.defaults > 0 {
		args = append(args, b.defaultArguments(p, x)...)
	}
	types, result, err := b.resolvePolymorphic(typesOf(args), x.args, b.typ(p.Result))
	if err != nil {
		fail(err)
	}
	for i, a := range args {
		args[i] = b.coerce(a, types[i], -1, implicitCast, expr.AsImplicitCast)
	}
	if x.order != nil {
		ordered := make([]expr.Expr, len(args))
		for i, at := range x.order {
			ordered[at] = args[i]
		}
		args = ordered
	}
	return b.gatherVariadic(p, x, args), result
}

// gatherVariadic makes an array of the repeated arguments, except for VARIADIC "any", whose functions take them as they come.
func (b *binder) gatherVariadic(p *pgfacts.Proc, x candidate[*pgfacts.Proc], args []expr.Expr) []expr.Expr {
	if !x.variadic || p.Variadic == pgtype.OIDAny {
		return args
	}
	fixed := len(p.Args) - 1
	rest := args[fixed:]
	elem := rest[0].Type()
	if p.Variadic != 0 && !isPolymorphic(b.typ(p.Variadic)) {
		elem = b.typ(p.Variadic)
	}
	array := &expr.Array{Typed: typed(pgtype.ArrayOf(elem), -1), Elems: slices.Clone(rest)}
	if array.T == nil {
		b.errorf(b.loc(rest[0]), pgerr.UndefinedObject, "could not find array type for data type %s", elem)
	}
	b.at(array, b.loc(rest[0]))
	return append(args[:fixed:fixed], array)
}

// defaultArguments binds the defaults of the parameters that the call leaves out.
func (b *binder) defaultArguments(p *pgfacts.Proc, x candidate[*pgfacts.Proc]) []expr.Expr {
	given := len(x.args) - x.defaults
	var out []expr.Expr
	for i := given; i < len(x.args); i++ {
		at := i
		if x.order != nil {
			at = x.order[i]
		}
		text := p.Defaults[at-(len(p.Args)-len(p.Defaults))]
		node, err := parse.Expression(text)
		check(err)
		sub := newBinder(b.ctx, b.env, "")
		e := sub.expr(node)
		out = append(out, sub.coerce(e, b.typ(p.Args[at]), -1, assignmentCast, expr.AsImplicitCast))
	}
	return out
}

// namedFunction binds a call of a function of pg_catalog by name, as the grammar's special forms need it.
func (b *binder) namedFunction(name string, loc int32, args ...expr.Expr) expr.Expr {
	c := &call{name: name, schema: "pg_catalog", args: args, loc: loc}
	x, kind := b.findFunction(c)
	if kind != foundFunction {
		b.noFunction(c)
	}
	return b.buildCall(c, x)
}

// Missing is builtin.Missing for the function of a call that has no code.
func Missing(p *pgfacts.Proc) error { return builtin.Missing(p) }
