package exec

import (
	"context"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/ddl"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// describeUtility finds the parameters and columns of a statement that is not bound to a plan.
func (s *Session) describeUtility(ctx context.Context, p *prepared) error {
	p.columns = nil
	switch n := p.stmt.Node.Node.(type) {
	case *pg_query.Node_VariableShowStmt:
		if name := n.VariableShowStmt.Name; !strings.EqualFold(name, "all") {
			if _, err := s.settings.Show(name); err != nil {
				return err
			}
		}
		p.columns = s.showColumns(n.VariableShowStmt.Name)
	case *pg_query.Node_ExplainStmt:
		p.columns = []result.Column{{Name: "QUERY PLAN", Type: explainType(n.ExplainStmt.Options), Typmod: -1}}
		return s.describeInner(ctx, p, n.ExplainStmt.Query)
	case *pg_query.Node_DeclareCursorStmt:
		return s.describeInner(ctx, p, n.DeclareCursorStmt.Query)
	case *pg_query.Node_ExecuteStmt:
		if q := s.prepared[n.ExecuteStmt.Name]; q != nil {
			if err := s.rebind(ctx, q); err != nil {
				return err
			}
			p.columns = q.columns
		}
	case *pg_query.Node_FetchStmt:
		if q := s.portalOf(n.FetchStmt.Portalname); q != nil && !n.FetchStmt.Ismove {
			p.columns = q.columns
		}
	}
	return nil
}

// describeInner binds the query inside a utility statement for its parameters.
func (s *Session) describeInner(ctx context.Context, p *prepared, query *pg_query.Node) error {
	if query == nil || !planned(query) {
		return nil
	}
	inner := *p.stmt
	inner.Node = query
	env := s.bindEnv()
	env.FixedParams = p.simple
	bound, err := bind.Bind(ctx, env, &inner, p.given)
	if err != nil {
		return err
	}
	p.params = bound.Params
	return nil
}

func (s *Session) showColumns(name string) []result.Column {
	text := pgtype.ByOID(pgtype.OIDText)
	if strings.EqualFold(name, "all") {
		return []result.Column{{Name: "name", Type: text, Typmod: -1}, {Name: "setting", Type: text, Typmod: -1}, {Name: "description", Type: text, Typmod: -1}}
	}
	if d := session.Find(name); d != nil {
		name = d.Name
	}
	return []result.Column{{Name: name, Type: text, Typmod: -1}}
}

// runUtility runs a statement that is not bound to a plan.
func (s *Session) runUtility(ctx context.Context, q *portal, limit int, sink result.Sink, describe bool) error {
	st := q.p.stmt
	switch n := st.Node.Node.(type) {
	case *pg_query.Node_VariableShowStmt:
		return s.show(q, n.VariableShowStmt.Name, sink, describe)
	case *pg_query.Node_ExplainStmt:
		return s.explain(ctx, q, n.ExplainStmt, sink, describe)
	case *pg_query.Node_ExecuteStmt:
		return s.execute(ctx, q, n.ExecuteStmt, limit, sink, describe)
	case *pg_query.Node_FetchStmt:
		return s.fetch(ctx, q, n.FetchStmt, sink, describe)
	case *pg_query.Node_CopyStmt:
		return s.copy(ctx, st, n.CopyStmt, sink)
	}
	tag, err := s.utility(ctx, q, st)
	if err != nil {
		return err
	}
	return sink.Complete(tag)
}

// utility runs the statements that yield only a command tag.
func (s *Session) utility(ctx context.Context, q *portal, st *parse.Statement) (string, error) {
	switch n := st.Node.Node.(type) {
	case *pg_query.Node_TransactionStmt:
		return s.transactionStatement(ctx, n.TransactionStmt)
	case *pg_query.Node_VariableSetStmt:
		return s.setStatement(n.VariableSetStmt)
	case *pg_query.Node_DiscardStmt:
		return s.discard(ctx, n.DiscardStmt)
	case *pg_query.Node_PrepareStmt:
		return "PREPARE", s.prepare(ctx, st, n.PrepareStmt)
	case *pg_query.Node_DeallocateStmt:
		return s.deallocate(n.DeallocateStmt)
	case *pg_query.Node_DeclareCursorStmt:
		return s.declare(ctx, q, st, n.DeclareCursorStmt)
	case *pg_query.Node_ClosePortalStmt:
		return s.closeCursor(n.ClosePortalStmt)
	case *pg_query.Node_LockStmt:
		return "LOCK TABLE", s.lockTables(ctx, n.LockStmt)
	case *pg_query.Node_ConstraintsSetStmt:
		return "SET CONSTRAINTS", s.setConstraints(ctx, n.ConstraintsSetStmt)
	case *pg_query.Node_VacuumStmt:
		return s.vacuum(ctx, st, n.VacuumStmt)
	case *pg_query.Node_CheckPointStmt:
		if !s.superuser() {
			return "", pgerr.New(pgerr.InsufficientPrivilege, "permission denied to execute CHECKPOINT command")
		}
		return "CHECKPOINT", nil // every acknowledged commit is on disk already
	case *pg_query.Node_UnlistenStmt:
		return "UNLISTEN", s.unlisten(ctx, n.UnlistenStmt.Conditionname)
	case *pg_query.Node_ListenStmt:
		return "LISTEN", s.listen(ctx, n.ListenStmt.Conditionname)
	case *pg_query.Node_NotifyStmt:
		return "NOTIFY", s.notify(ctx, n.NotifyStmt.Conditionname, n.NotifyStmt.Payload)
	}
	if !isDDL(st) {
		return "", pgerr.Unsupported(nodeName(st.Node))
	}
	return s.define(ctx, st)
}

// nodeName names a statement for an error.
func nodeName(n *pg_query.Node) string {
	text := strings.ToUpper(strings.TrimSpace(strings.SplitN(n.String(), ":", 2)[0]))
	text = strings.TrimSuffix(text, "_STMT")
	return "the statement " + strings.ReplaceAll(text, "_", " ")
}

// define runs a statement of package ddl.
func (s *Session) define(ctx context.Context, st *parse.Statement) (string, error) {
	if err := s.begin(ctx); err != nil {
		return "", err
	}
	t := s.txn
	t.catalog.Refresh()
	if tag := ddl.Tag(st); t.modes.readOnly && tag != "REINDEX" {
		return "", refusedReadOnly(tag)
	}
	if err := s.takeSnapshot(ctx); err != nil {
		return "", err
	}
	s.newRun(ctx, nil)
	t.catalog.SetSearchPath(s.searchPath(true))
	t.catalog.SetLockTimeout(s.settings.Quick().LockTimeout)
	return ddl.Run(&ddl.Env{
		Ctx: ctx, Server: s.engine.catalog, Catalog: t.catalog, Bind: s.bindEnv(), RT: &s.rt, Access: &t.access, User: s.user, Session: s.session,
		Table: s.openTable, Exec: s.exec, Setting: s.settings.Get, Notice: func(n *pgerr.Error) { _ = s.notice(n) },
		Wait: catalog.Wait{Timeout: s.settings.Quick().LockTimeout}, InUse: func(oid desc.OID) int { return s.engine.sessions.leaving(ctx, s, oid) },
		Terminate: s.terminateIn, TempSchema: s.makeTempSchema, OnCommit: s.onCommit, InBlock: s.inBlock(),
		Pending: t.constraints.Pending,
	}, st)
}

// show runs SHOW.
func (s *Session) show(q *portal, name string, sink result.Sink, describe bool) error {
	columns := q.columns
	if columns == nil {
		columns = s.showColumns(name)
	}
	if strings.EqualFold(name, "all") {
		return s.showAll(columns, sink, describe)
	}
	value, err := s.settings.Show(name)
	if err != nil {
		return err
	}
	if err := sink.Header(s.settings.Text(), columns, describe); err != nil {
		return err
	}
	if err := sink.Row([]pgtype.Datum{pgtype.Text(value)}); err != nil {
		return err
	}
	return sink.Complete("SHOW")
}

func (s *Session) showAll(columns []result.Column, sink result.Sink, describe bool) error {
	if err := sink.Header(s.settings.Text(), columns, describe); err != nil {
		return err
	}
	for _, name := range session.Names() {
		d := session.Find(name)
		if d.Category == "Developer Options" {
			continue
		}
		value, _ := s.settings.Show(name)
		if err := sink.Row([]pgtype.Datum{pgtype.Text(name), pgtype.Text(value), pgtype.Text(d.Short)}); err != nil {
			return err
		}
	}
	return sink.Complete("SHOW")
}

// discard runs DISCARD.
func (s *Session) discard(ctx context.Context, n *pg_query.DiscardStmt) (string, error) {
	switch n.Target {
	case pg_query.DiscardMode_DISCARD_PLANS:
		s.plans, s.shapes = planCache{}, planCache{}
		return "DISCARD PLANS", nil
	case pg_query.DiscardMode_DISCARD_SEQUENCES:
		s.sequences = sequenceMemory{}
		return "DISCARD SEQUENCES", nil
	case pg_query.DiscardMode_DISCARD_TEMP:
		return "DISCARD TEMP", s.discardTemp()
	}
	if s.inBlock() {
		return "", pgerr.New(pgerr.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	if err := s.setAuthorization("", session.Session); err != nil {
		return "", err
	}
	s.settings.ResetAll()
	s.dropStatements()
	s.dropPortals()
	s.plans, s.shapes, s.sequences = planCache{}, planCache{}, sequenceMemory{}
	if s.locks != nil {
		s.locks.UnlockAll()
	}
	if err := s.unlisten(ctx, ""); err != nil {
		return "", err
	}
	return "DISCARD ALL", s.discardTemp()
}

func (s *Session) discardTemp() error {
	if s.tempSchema == 0 || s.txn == nil {
		return nil
	}
	var refs []desc.ObjectRef
	for r := range s.txn.catalog.RelationsIn(s.tempSchema) {
		refs = append(refs, desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID})
	}
	_, _, err := s.txn.catalog.Drop(context.Background(), refs, true)
	return err
}

// makeTempSchema gives the session's schema for temporary objects.
func (s *Session) makeTempSchema() (desc.OID, error) {
	s.txn.catalog.NoteTemporary()
	if s.tempSchema != 0 && s.txn.catalog.Schema(s.tempSchema) != nil {
		return s.tempSchema, nil
	}
	schema, err := s.txn.catalog.CreateTempSchema(s.rt.Ctx, s.pid)
	if err != nil {
		return 0, err
	}
	s.tempSchema = schema.OID
	s.epoch++
	return s.tempSchema, nil
}

// prepare runs PREPARE.
func (s *Session) prepare(ctx context.Context, st *parse.Statement, n *pg_query.PrepareStmt) error {
	if s.prepared[n.Name] != nil {
		return pgerr.Newf(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", n.Name)
	}
	env := s.bindEnv()
	var given []*pgtype.Type
	for _, a := range n.Argtypes {
		t, _, err := bind.TypeName(env, a.GetTypeName())
		if err != nil {
			return err
		}
		given = append(given, t)
	}
	inner := *st
	inner.Node = n.Query
	p := &prepared{name: n.Name, text: st.Text, stmt: &inner, given: given, fromSQL: true, began: time.Now().UnixMicro()}
	if err := s.rebind(ctx, p); err != nil {
		return err
	}
	s.prepared[n.Name] = p
	return nil
}

// execute runs EXECUTE name (arguments).
func (s *Session) execute(ctx context.Context, outer *portal, n *pg_query.ExecuteStmt, limit int, sink result.Sink, describe bool) error {
	p, err := s.statement(n.Name)
	if err != nil {
		return err
	}
	if err := s.prepareRun(ctx, p); err != nil {
		return err
	}
	if len(n.Params) != len(p.params) {
		return pgerr.Newf(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", n.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(n.Params))
	}
	source := ""
	if outer.p.stmt != nil {
		source = outer.p.stmt.Source
	}
	params, err := s.arguments(ctx, source, n.Params, p.params)
	if err != nil {
		return err
	}
	q, err := s.newPortal("", p, params, nil)
	if err != nil {
		return err
	}
	defer s.recycle(q)
	if len(outer.columns) == len(q.columns) {
		q.columns = outer.columns // with the formats that the client wants of EXECUTE
	}
	return s.run(ctx, q, 0, sink, describe)
}

// arguments evaluates the arguments of EXECUTE, converted to the parameters' types.
func (s *Session) arguments(ctx context.Context, source string, list []*pg_query.Node, types []*pgtype.Type) ([]pgtype.Datum, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	s.newRun(ctx, nil)
	out := make([]pgtype.Datum, len(list))
	for i, a := range list {
		e, err := bind.Argument(s.bindEnv(), source, a, types[i])
		if err != nil {
			return nil, err
		}
		v, err := s.evaluate(e)
		if err != nil {
			return nil, err
		}
		out[i] = v.Clone(types[i])
	}
	return out, nil
}

// deallocate runs DEALLOCATE.
func (s *Session) deallocate(n *pg_query.DeallocateStmt) (string, error) {
	if n.Name == "" {
		s.dropStatements()
		return "DEALLOCATE ALL", nil
	}
	if s.prepared[n.Name] == nil {
		return "", pgerr.Newf(pgerr.InvalidSQLStatementName, "prepared statement %q does not exist", n.Name)
	}
	s.dropStatement(n.Name)
	return "DEALLOCATE", nil
}

func (s *Session) closeCursor(n *pg_query.ClosePortalStmt) (string, error) {
	if n.Portalname == "" {
		for name := range s.portals {
			s.dropPortal(name)
		}
		return "CLOSE CURSOR ALL", nil
	}
	if _, err := s.cursor(n.Portalname); err != nil {
		return "", err
	}
	s.dropPortal(n.Portalname)
	return "CLOSE CURSOR", nil
}

// lockTables runs LOCK TABLE. The mode's number is PostgreSQL's, 1 (ACCESS SHARE) to 8 (ACCESS EXCLUSIVE).
func (s *Session) lockTables(ctx context.Context, n *pg_query.LockStmt) error {
	if s.txn == nil || !s.txn.block {
		return pgerr.New(pgerr.NoActiveSQLTransaction, "LOCK TABLE can only be used in transaction blocks")
	}
	mode := kv.AccessShare + kv.LockMode(n.Mode-1)
	need := desc.Update | desc.Delete | desc.Truncate
	for _, r := range n.Relations {
		rel, err := bind.RangeVar(s.bindEnv(), r.GetRangeVar())
		if err != nil {
			return err
		}
		ref := desc.ObjectRef{Class: desc.ClassRelation, OID: rel.OID}
		allowed := mode == kv.AccessShare && catalog.HasPrivilege(s.reader(), s.user, ref, desc.Select) || mode <= kv.RowExclusive && catalog.HasPrivilege(s.reader(), s.user, ref, desc.Insert)
		for _, p := range []desc.Privilege{desc.Update, desc.Delete, desc.Truncate} {
			allowed = allowed || catalog.HasPrivilege(s.reader(), s.user, ref, p)
		}
		if !allowed {
			return catalog.CheckPrivilege(s.reader(), s.user, ref, need)
		}
		w := catalog.Wait{NoWait: n.Nowait, Timeout: s.settings.Quick().LockTimeout}
		if _, err := s.txn.catalog.LockRelation(ctx, rel.OID, mode, w); err != nil {
			return err
		}
	}
	return nil
}

// sortedNames gives the keys of a map in order.
func sortedNames[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
