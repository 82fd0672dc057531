package exec

import (
	"context"
	"slices"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/ddl"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/opt"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// prepared is a statement ready to run: parsed, and bound for the catalog and settings of the moment. It is bound again when they have changed.
type prepared struct {
	name    string
	text    string
	stmt    *parse.Statement // nil: an empty query
	given   []*pgtype.Type   // parameter types that the client named
	fromSQL bool             // by PREPARE
	simple  bool             // of a simple query: it has no parameters
	cursor  bool             // of DECLARE: its rows can be changed through the cursor
	shape   bool             // of simple queries that differ in literals: it may be bound anew, whatever its columns become
	began   int64            // microseconds

	plan    *plan.Statement // nil for utility statements
	doomed  error           // a constant expression of the plan always fails so
	params  []*pgtype.Type
	columns []result.Column
	version uint64 // of the catalog
	epoch   uint64 // of the settings
	user    desc.OID
	allowed bool // privileges were checked for user at version
	locks   []relationLock
	views   bool // it reads materialized views, which may hold no rows yet
	program *run.Program
	inUse   bool
}

// relationLock is a relation that a statement uses and the mode that it locks it in.
type relationLock struct {
	oid  desc.OID
	mode kv.LockMode
}

// planned tells the statements that are bound to plans.
func planned(n *pg_query.Node) bool {
	switch n := n.Node.(type) {
	case *pg_query.Node_SelectStmt:
		return !ddl.HasInto(n.SelectStmt) // SELECT INTO makes a table
	case *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		return true
	}
	return false
}

// bindEnv is what names mean now.
func (s *Session) bindEnv() *bind.Env {
	return &bind.Env{Catalog: s.reader(), Library: s.engine.library, SearchPath: s.searchPath(true), TempSchema: s.tempSchema, User: s.user, Text: s.settings.Text(), Warn: s.warn}
}

// searchPath gives the schemas of search_path that exist; implicit adds those that are searched unnamed, first: temporary objects, then pg_catalog.
func (s *Session) searchPath(implicit bool) []desc.OID {
	r := s.reader()
	var path []desc.OID
	hasCatalog, hasTemp := false, false
	for _, name := range s.settings.Path() {
		var schema *desc.Schema
		switch name {
		case "$user":
			if role := r.Role(s.user); role != nil {
				schema = r.SchemaByName(role.Name)
			}
		case "pg_temp":
			if s.tempSchema != 0 {
				schema = r.Schema(s.tempSchema)
			}
			hasTemp = true
		default:
			schema = r.SchemaByName(name)
		}
		if schema == nil || !catalog.HasPrivilege(r, s.user, desc.ObjectRef{Class: desc.ClassSchema, OID: schema.OID}, desc.Usage) {
			continue
		}
		hasCatalog = hasCatalog || schema.OID == desc.PgCatalogOID
		path = append(path, schema.OID)
	}
	if !implicit {
		return path
	}
	if !hasCatalog {
		path = append([]desc.OID{desc.PgCatalogOID}, path...)
	}
	if s.tempSchema != 0 && !hasTemp {
		path = append([]desc.OID{s.tempSchema}, path...)
	}
	return path
}

// rebind brings a prepared statement up to date with the catalog and the settings. It is called inside a transaction.
func (s *Session) rebind(ctx context.Context, p *prepared) error {
	if p.stmt == nil {
		return nil
	}
	version := s.txn.catalog.Version()
	if p.plan != nil && p.version == version && p.epoch == s.epoch && p.user == s.user {
		return nil
	}
	if !planned(p.stmt.Node) {
		return s.describeUtility(ctx, p)
	}
	env := s.bindEnv()
	env.FixedParams, env.Cursor = p.simple, p.cursor
	bound, err := bind.Bind(ctx, env, p.stmt, p.given)
	if err != nil {
		return err
	}
	columns := outputColumns(bound)
	if p.plan != nil && !p.simple && !p.shape && !sameColumns(p.columns, columns) {
		changed := pgerr.New(pgerr.FeatureNotSupported, "cached plan must not change result type")
		changed.Routine = "RevalidateCachedQuery" // pgjdbc prepares anew when it reads this
		return changed
	}
	if s.settings.Get("kalam.optimizer") != "off" {
		bound = opt.Optimize(bound, opt.Options{Source: tableSizes{s}, Functions: s.engine.library, IndexRules: s.indexRules, Avoid: s.avoidedMethods(), AllScopes: s.settings.Get("kalam.all_users") == "on"})
	} else {
		bound = opt.Mandatory(bound)
	}
	p.doomed = opt.Doomed(bound)
	p.plan, p.params, p.columns, p.locks = bound, bound.Params, columns, s.locksOf(bound)
	p.views = slices.ContainsFunc(bound.Relations, func(oid desc.OID) bool { r := s.reader().Relation(oid); return r != nil && r.Kind == desc.MatView })
	p.version, p.epoch, p.user = version, s.epoch, s.user
	p.program, p.inUse, p.allowed = nil, false, false
	return nil
}

func outputColumns(s *plan.Statement) []result.Column {
	if s.Columns == nil {
		return nil
	}
	out := make([]result.Column, len(s.Columns))
	for i, c := range s.Columns {
		// Clients see the base type of a domain.
		t, mod := c.Type, c.Typmod
		for ; t.Kind == pgtype.KindDomain && t.Base != nil; t = t.Base {
			mod = max(mod, t.BaseMod)
		}
		out[i] = result.Column{Name: c.Name, Type: t, Typmod: mod, TableOID: c.Table, Attnum: c.Num}
	}
	return out
}

func sameColumns(a, b []result.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type.OID != b[i].Type.OID {
			return false
		}
	}
	return true
}

// locksOf gives the relation locks that a plan needs. Built-in relations need none.
func (s *Session) locksOf(p *plan.Statement) []relationLock {
	var out []relationLock
	for _, oid := range p.Relations {
		if r := s.reader().Relation(oid); r != nil && r.Class == desc.System {
			continue
		}
		mode := kv.AccessShare
		if slices.Contains(p.Targets, oid) {
			mode = kv.RowExclusive
		}
		out = append(out, relationLock{oid, mode})
	}
	return out
}

// lockRelations takes the relation locks that a statement needs. The caller binds the statement again if the catalog has changed meanwhile.
func (s *Session) lockRelations(ctx context.Context, p *prepared) error {
	for i := range p.locks {
		l := &p.locks[i]
		if s.txn.catalog.Holds(l.oid, l.mode) {
			continue
		}
		if err := s.txn.catalog.LockKnown(ctx, l.oid, l.mode, catalog.Wait{Timeout: s.settings.Quick().LockTimeout}); err != nil {
			return s.atRelation(err, p, l.oid)
		}
	}
	return nil
}

// atRelation gives an error about a relation's lock the place where the statement names the relation, as PostgreSQL does, which takes the lock when it meets the name.
func (s *Session) atRelation(err error, p *prepared, oid desc.OID) error {
	e, ok := pgerr.As(clientError(context.Background(), err))
	rel := s.reader().Relation(oid)
	if !ok || rel == nil || p.stmt == nil || e.Position != 0 {
		return err
	}
	if location, ok := parse.RelationLocation(p.stmt.Node, rel.Name); ok {
		e.At(p.stmt.Position(location))
	}
	return e
}

// checkPrivileges checks what a plan needs against the current user, or the owner of the view that it reads through.
func (s *Session) checkPrivileges(p *plan.Statement) error {
	r := s.reader()
	for _, need := range p.Privileges {
		role := s.user
		if need.AsOwner != 0 {
			role = need.AsOwner
		}
		table := desc.ObjectRef{Class: desc.ClassRelation, OID: need.Relation}
		if catalog.HasPrivilege(r, role, table, need.Mode) || len(need.Columns) > 0 && s.hasColumns(r, role, need) {
			continue
		}
		if len(need.Columns) == 0 && need.Columns != nil && catalog.HasAnyColumnPrivilege(r, role, need.Relation, need.Mode) {
			continue
		}
		if err := catalog.CheckPrivilege(r, role, table, need.Mode); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) hasColumns(r catalog.Reader, role desc.OID, need plan.Privilege) bool {
	for _, n := range need.Columns {
		if !catalog.HasPrivilege(r, role, desc.ObjectRef{Class: desc.ClassRelation, OID: need.Relation, SubID: int32(n)}, need.Mode) {
			return false
		}
	}
	return true
}

// programOf gives the statement's program, its own when it is free, else a new one (a cursor still runs the other).
func (s *Session) programOf(p *prepared) (program *run.Program, own bool, err error) {
	if p.inUse {
		program, err = run.Build(p.plan.Root)
		return program, false, err
	}
	if p.program == nil {
		if p.program, err = run.Build(p.plan.Root); err != nil {
			return nil, false, err
		}
	}
	p.inUse = true
	return p.program, true, nil
}

// mayRead tells by an error that a materialized view which the statement reads has not been populated.
func (s *Session) mayRead(p *prepared) error {
	if !p.views {
		return nil
	}
	program, own, err := s.programOf(p)
	if err != nil {
		return err
	}
	if own {
		p.inUse = false
	}
	return program.Readable(s.reader())
}

// exec fills what a program's run works with.
func (s *Session) exec() run.Exec {
	x := s.parts
	x.RT, x.Access, x.Catalog, x.Constraints = &s.rt, &s.txn.access, s.txn.catalog, &s.txn.constraints
	x.Settings = s
	return x
}

// newRun prepares the runtime for a statement's run.
func (s *Session) newRun(ctx context.Context, params []pgtype.Datum) {
	s.rt.Run++
	s.rt.Ctx, s.rt.Params = ctx, params
	a := &s.txn.access
	a.Scope, a.AllScopes = s.scope(), s.allScopes()
	a.HardDelete = s.settings.Quick().HardDelete
	a.LockTimeout = s.settings.Quick().LockTimeout
}

// planCache keeps the statements of simple queries by text, the newest few.
type planCache struct {
	byText map[string]*prepared
	order  []string
}

// planCacheSize bounds the statements that a session keeps for simple queries.
const planCacheSize = 64

// cacheable bounds the length of texts that are worth keeping.
const cacheable = 2048

func (c *planCache) get(text string) *prepared { return c.byText[text] }

func (c *planCache) put(text string, p *prepared) {
	if len(text) > cacheable {
		return
	}
	if c.byText == nil {
		c.byText = make(map[string]*prepared)
	}
	if _, known := c.byText[text]; known {
		c.byText[text] = p
		return
	}
	if len(c.order) >= planCacheSize {
		delete(c.byText, c.order[0])
		c.order = c.order[1:]
	}
	text = strings.Clone(text)
	c.byText[text] = p
	c.order = append(c.order, text)
}

// isDDL tells whether package ddl runs a statement.
func isDDL(s *parse.Statement) bool { return ddl.Handles(s) }

// evaluate evaluates an expression outside any plan (EXECUTE's arguments, SET's values): no columns.
func (s *Session) evaluate(e expr.Expr) (pgtype.Datum, error) {
	c := &expr.Compiler{Subquery: nil}
	eval, err := c.Compile(e)
	if err != nil {
		return pgtype.Null, err
	}
	return eval(&expr.Frame{RT: &s.rt})
}

// avoidedMethods are the methods that PostgreSQL's enable_ settings switch off.
func (s *Session) avoidedMethods() (m opt.Methods) {
	for _, x := range []struct {
		setting string
		method  opt.Methods
	}{{"enable_seqscan", opt.SeqScan}, {"enable_indexscan", opt.IndexScan}, {"enable_hashjoin", opt.HashJoin}, {"enable_nestloop", opt.NestedLoop}} {
		if s.settings.Get(x.setting) == "off" {
			m |= x.method
		}
	}
	return m
}

// indexRules binds the expressions and predicates of a table's indexes for the optimizer.
func (s *Session) indexRules(table *desc.Relation, rel int32) []plan.IndexRule {
	rules, err := bind.TableRules(s.bindEnv(), table, rel)
	if err != nil {
		return nil
	}
	return rules.Indexes
}
