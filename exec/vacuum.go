package exec

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/analyze"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// vacuumOptions is what a VACUUM or ANALYZE asks for. The options that are about pages, dead rows and workers are accepted and mean nothing here.
type vacuumOptions struct {
	word                         string // VACUUM or ANALYZE
	analyze, verbose, skipLocked bool
}

// vacuum runs VACUUM and ANALYZE. There are no dead rows to remove, for the store drops old versions by itself: VACUUM counts the rows, as PostgreSQL's does on the way,
// and ANALYZE takes the statistics that the optimizer works with.
func (s *Session) vacuum(ctx context.Context, st *parse.Statement, n *pg_query.VacuumStmt) (string, error) {
	o, err := readVacuumOptions(st, n)
	if err != nil {
		return "", err
	}
	if n.IsVacuumcmd && s.inBlock() {
		return "", pgerr.New(pgerr.ActiveSQLTransaction, "VACUUM cannot run inside a transaction block")
	}
	if err := s.begin(ctx); err != nil {
		return "", err
	}
	s.txn.catalog.Refresh()
	if len(n.Rels) == 0 {
		return o.word, s.vacuumAll(ctx, o)
	}
	for _, r := range n.Rels {
		v := r.GetVacuumRelation()
		if len(v.VaCols) > 0 && !o.analyze {
			return "", pgerr.New(pgerr.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
		}
		rel, err := bind.RangeVar(s.bindEnv(), v.Relation)
		if err != nil {
			return "", err
		}
		nums, err := vacuumColumns(rel, v.VaCols)
		if err != nil {
			return "", err
		}
		if err := s.vacuumTable(ctx, rel, nums, o); err != nil {
			return "", err
		}
	}
	return o.word, nil
}

func readVacuumOptions(st *parse.Statement, n *pg_query.VacuumStmt) (vacuumOptions, error) {
	o := vacuumOptions{word: "ANALYZE", analyze: !n.IsVacuumcmd}
	known := []string{"verbose", "skip_locked", "buffer_usage_limit"}
	if n.IsVacuumcmd {
		o.word = "VACUUM"
		known = append(known, "analyze", "freeze", "full", "disable_page_skipping", "index_cleanup", "process_main", "process_toast", "truncate", "parallel",
			"skip_database_stats", "only_database_stats")
	}
	for _, x := range n.Options {
		d := x.GetDefElem()
		if !slices.Contains(known, d.Defname) {
			return o, pgerr.Newf(pgerr.SyntaxError, "unrecognized %s option \"%s\"", o.word, d.Defname).At(st.Position(d.Location))
		}
		switch d.Defname {
		case "verbose", "skip_locked", "analyze":
			on, ok := switchValue(d.Arg)
			if !ok {
				return o, pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", d.Defname)
			}
			switch d.Defname {
			case "verbose":
				o.verbose = on
			case "skip_locked":
				o.skipLocked = on
			case "analyze":
				o.analyze = on
			}
		}
	}
	return o, nil
}

// vacuumColumns finds the columns that an ANALYZE names; nil for all.
func vacuumColumns(rel *desc.Relation, list []*pg_query.Node) ([]int16, error) {
	var nums []int16
	for _, x := range list {
		name := x.GetString_().GetSval()
		c := rel.Column(name)
		if c == nil {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, rel.Name)
		}
		if slices.Contains(nums, c.Num) {
			return nil, pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" appears more than once", name, rel.Name)
		}
		nums = append(nums, c.Num)
	}
	return nums, nil
}

// vacuumAll does all tables of the database that are the user's.
func (s *Session) vacuumAll(ctx context.Context, o vacuumOptions) error {
	var tables []*desc.Relation
	for rel := range s.reader().Relations() {
		if analyzable(rel) && s.mayVacuum(rel) && (rel.Persistence != 't' || rel.Schema == s.tempSchema) {
			tables = append(tables, rel)
		}
	}
	for _, rel := range tables {
		if err := s.vacuumTable(ctx, rel, nil, o); err != nil && !pgerr.Is(err, pgerr.UndefinedTable) {
			return err
		}
	}
	return nil
}

// analyzable tells the relations that have statistics.
func analyzable(rel *desc.Relation) bool {
	return (rel.Kind == desc.Table || rel.Kind == desc.MatView) && rel.Class != desc.System
}

// mayVacuum tells whether a relation, or the database with it, is the user's.
func (s *Session) mayVacuum(rel *desc.Relation) bool {
	r := s.reader()
	return catalog.IsOwner(r, s.user, desc.ObjectRef{Class: desc.ClassRelation, OID: rel.OID}) ||
		catalog.IsOwner(r, s.user, desc.ObjectRef{Class: desc.ClassDatabase, OID: s.database})
}

func (s *Session) vacuumTable(ctx context.Context, rel *desc.Relation, nums []int16, o vacuumOptions) error {
	if !s.mayVacuum(rel) {
		return s.notice(pgerr.Notice("WARNING", pgerr.Warning, "permission denied to %s \"%s\", skipping it", strings.ToLower(o.word), rel.Name))
	}
	if rel.Class == desc.System && rel.Kind == desc.Table {
		return nil // computed from the catalog: the optimizer knows them
	}
	if !analyzable(rel) {
		return s.notice(pgerr.Notice("WARNING", pgerr.Warning, "skipping \"%s\" --- cannot %s non-tables or special system tables", rel.Name, strings.ToLower(o.word)))
	}
	w := catalog.Wait{NoWait: o.skipLocked, Timeout: s.settings.Milliseconds("lock_timeout")}
	rel, err := s.txn.catalog.LockRelation(ctx, rel.OID, kv.ShareUpdateExclusive, w)
	if err != nil {
		if o.skipLocked && pgerr.Is(err, pgerr.LockNotAvailable) {
			return nil
		}
		return err
	}
	if o.verbose {
		if err := s.notice(pgerr.Notice("INFO", pgerr.SuccessfulCompletion, "%s \"%s.%s\"", map[bool]string{true: "analyzing", false: "vacuuming"}[o.analyze], s.schemaName(rel), rel.Name)); err != nil {
			return err
		}
	}
	if !o.analyze {
		nums = []int16{}
	}
	if err := s.takeSnapshot(ctx); err != nil {
		return err
	}
	stats, err := s.analyze(ctx, rel, nums)
	if err != nil {
		return err
	}
	if o.verbose && o.analyze {
		if err := s.notice(pgerr.Notice("INFO", pgerr.SuccessfulCompletion, "\"%s\": scanned %d of %d pages, containing %.0f live rows and 0 dead rows", rel.Name,
			stats.Pages(), stats.Pages(), stats.Rows)); err != nil {
			return err
		}
	}
	s.engine.activity.analyzed(s.database, stats, o.analyze, !o.analyze || o.word == "VACUUM", false)
	return nil
}

func (s *Session) schemaName(rel *desc.Relation) string {
	if schema := s.reader().Schema(rel.Schema); schema != nil {
		return schema.Name
	}
	return ""
}

// analyze takes a table's statistics in the running transaction.
func (s *Session) analyze(ctx context.Context, rel *desc.Relation, nums []int16) (*desc.Statistics, error) {
	table, err := s.openTable(rel)
	if err != nil {
		return nil, err
	}
	return analyzeTable(ctx, s.txn.catalog, &s.txn.access, analyze.Request{Table: table, Nums: nums, Target: int(s.settings.Int("default_statistics_target")),
		Text: s.settings.Text(), Now: time.Now()})
}

// analyzeTable takes a table's statistics and stores them in a transaction.
func analyzeTable(ctx context.Context, t *catalog.Txn, a *userdata.Access, r analyze.Request) (*desc.Statistics, error) {
	oid := r.Table.Rel.OID
	r.Type, r.Old = t.Type, t.Statistics(oid)
	r.Check = func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	s, err := analyze.Run(ctx, a, r)
	if err != nil {
		return nil, err
	}
	if r.Nums != nil && len(r.Nums) == 0 && r.Old == nil && s.Rows == 0 {
		return s, nil
	}
	return s, t.SetStatistics(ctx, s, analyze.Alike(r.Old, s))
}
