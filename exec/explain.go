package exec

import (
	"context"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// explain runs EXPLAIN.
func (s *Session) explain(ctx context.Context, q *portal, n *pg_query.ExplainStmt, sink result.Sink, describe bool) error {
	o, err := explainOptions(q.p.stmt, n.Options)
	if err != nil {
		return err
	}
	p, params, err := s.explained(ctx, q, n.Query)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.prepareRun(ctx, p); err != nil {
		return err
	}
	o.Planning = time.Since(began)
	if err := s.checkPrivileges(p.plan); err != nil {
		return err
	}
	if o.Analyze {
		if err := s.measure(ctx, p, params, &o); err != nil {
			return err
		}
	}
	if err := sink.Header(s.settings.Text(), q.columns, describe); err != nil {
		return err
	}
	o.Params = params
	o.Schema = func(rel *desc.Relation) string {
		if schema := s.reader().Schema(rel.Schema); schema != nil {
			return schema.Name
		}
		return ""
	}
	for _, line := range plan.Explain(p.plan, o) {
		if err := sink.Row([]pgtype.Datum{pgtype.Text(line)}); err != nil {
			return err
		}
	}
	return sink.Complete("EXPLAIN")
}

// explained gives the planned statement that an EXPLAIN is about, and its parameters: the query itself, that of CREATE TABLE AS or DECLARE, or a prepared one.
func (s *Session) explained(ctx context.Context, q *portal, n *pg_query.Node) (*prepared, []pgtype.Datum, error) {
	query := n
	switch x := n.Node.(type) {
	case *pg_query.Node_ExecuteStmt:
		known, err := s.statement(x.ExecuteStmt.Name)
		if err != nil {
			return nil, nil, err
		}
		if known.stmt == nil || !planned(known.stmt.Node) {
			return nil, nil, pgerr.Unsupported("EXPLAIN of this statement")
		}
		if err := s.prepareRun(ctx, known); err != nil {
			return nil, nil, err
		}
		if len(x.ExecuteStmt.Params) != len(known.params) {
			return nil, nil, pgerr.Newf(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", x.ExecuteStmt.Name).
				WithDetail("Expected %d parameters but got %d.", len(known.params), len(x.ExecuteStmt.Params))
		}
		params, err := s.arguments(ctx, q.p.stmt.Source, x.ExecuteStmt.Params, known.params)
		return &prepared{text: known.text, stmt: known.stmt, given: known.params}, params, err
	case *pg_query.Node_CreateTableAsStmt:
		query = x.CreateTableAsStmt.Query
	case *pg_query.Node_DeclareCursorStmt:
		query = x.DeclareCursorStmt.Query
	}
	if !planned(query) {
		return nil, nil, pgerr.Unsupported("EXPLAIN of this statement")
	}
	inner := *q.p.stmt
	inner.Node = query
	return &prepared{text: q.p.text, stmt: &inner, given: q.p.params}, q.params, nil
}

// measure runs the statement of an EXPLAIN ANALYZE.
func (s *Session) measure(ctx context.Context, p *prepared, params []pgtype.Datum, o *plan.ExplainOptions) error {
	program, measures, err := run.BuildMeasured(p.plan.Root, o.Timing)
	if err != nil {
		return err
	}
	p.program, o.Actual = program, measures.Of
	began := time.Now()
	inner, err := s.newPortal("", p, params, nil)
	if err != nil {
		return err
	}
	defer inner.release()
	if err := s.start(ctx, inner); err != nil {
		return err
	}
	for {
		row, err := inner.pull()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
	}
	o.Elapsed = time.Since(began)
	return nil
}

// explainOptions reads the options of EXPLAIN; the last of several wins.
func explainOptions(st *parse.Statement, list []*pg_query.Node) (plan.ExplainOptions, error) {
	o := plan.ExplainOptions{Costs: true}
	given := map[string]bool{} // options that are on or off by what is said, not by default
	for _, x := range list {
		d := x.GetDefElem()
		if d.Defname == "format" {
			if err := explainFormat(st, d, &o); err != nil {
				return o, err
			}
			continue
		}
		switch d.Defname {
		case "analyze", "verbose", "costs", "timing", "summary", "buffers", "settings", "wal", "generic_plan":
		default:
			return o, pgerr.Newf(pgerr.SyntaxError, "unrecognized EXPLAIN option \"%s\"", d.Defname).At(st.Position(d.Location))
		}
		on, ok := switchValue(d.Arg)
		if !ok {
			return o, pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", d.Defname)
		}
		given[d.Defname] = on
	}
	or := func(name string, otherwise bool) bool {
		if on, ok := given[name]; ok {
			return on
		}
		return otherwise
	}
	o.Analyze, o.Verbose, o.Costs = given["analyze"], given["verbose"], or("costs", true)
	o.Buffers = given["buffers"]
	o.Timing, o.Summary = or("timing", o.Analyze), or("summary", o.Analyze)
	switch {
	case given["wal"] && !o.Analyze:
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
	case given["timing"] && !o.Analyze:
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	case given["generic_plan"] && o.Analyze:
		return o, pgerr.New(pgerr.InvalidParameterValue, "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together")
	}
	return o, nil
}

func explainFormat(st *parse.Statement, d *pg_query.DefElem, o *plan.ExplainOptions) error {
	if d.Arg == nil {
		return pgerr.New(pgerr.SyntaxError, "format requires a parameter")
	}
	switch text := d.Arg.GetString_().GetSval(); text {
	case "text", "json", "yaml", "xml":
		o.Format = text
	default:
		return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"%s\"", text).At(st.Position(d.Location))
	}
	return nil
}

// switchValue reads the value of an option that is on or off; none is on.
func switchValue(n *pg_query.Node) (on, ok bool) {
	switch {
	case n == nil:
		return true, true
	case n.GetBoolean() != nil:
		return n.GetBoolean().Boolval, true
	case n.GetInteger() != nil:
		i := n.GetInteger().Ival
		return i == 1, i == 0 || i == 1
	}
	switch strings.ToLower(n.GetString_().GetSval()) {
	case "true", "on":
		return true, true
	case "false", "off":
		return false, true
	}
	return false, false
}

// explainType is the type of EXPLAIN's column: json where that is its format.
func explainType(list []*pg_query.Node) *pgtype.Type {
	t := pgtype.ByOID(pgtype.OIDText)
	for _, x := range list {
		if d := x.GetDefElem(); d.Defname == "format" {
			switch d.Arg.GetString_().GetSval() {
			case "json":
				t = pgtype.ByOID(pgtype.OIDJson)
			default:
				t = pgtype.ByOID(pgtype.OIDText)
			}
		}
	}
	return t
}
