package exec

import (
	"context"
	"strconv"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/analyze"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// autoAnalyze analyses tables in the background, by PostgreSQL's rule: every autovacuum_naptime it looks for tables of which more rows have changed since the last
// ANALYZE than autovacuum_analyze_threshold plus autovacuum_analyze_scale_factor of the rows. The settings are the server's; a table's options of the same names
// come before them.
type autoAnalyze struct {
	engine *Engine
	stop   context.CancelFunc
	done   chan struct{}
}

func (e *Engine) startAutoAnalyze() *autoAnalyze {
	settings := session.NewSettings()
	for name, value := range e.settings {
		settings.Boot(name, value)
	}
	a := &autoAnalyze{engine: e, done: make(chan struct{})}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	go func() {
		defer close(a.done)
		if !settings.Bool("autovacuum") {
			return
		}
		nap := time.NewTicker(max(time.Duration(settings.Int("autovacuum_naptime")), 1) * time.Second)
		defer nap.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-nap.C:
				a.round(ctx, settings)
			}
		}
	}()
	return a
}

// end stops the work and waits for it.
func (a *autoAnalyze) end() {
	a.stop()
	<-a.done
}

func (a *autoAnalyze) round(ctx context.Context, settings *session.Settings) {
	for k, t := range a.engine.activity.changed() {
		snapshot := a.engine.catalog.Snapshot(k.database)
		if snapshot == nil || snapshot.Relation(k.table) == nil {
			a.engine.activity.forget(k)
			continue
		}
		if !due(snapshot.Relation(k.table), snapshot.Statistics(k.table), t, settings) {
			continue
		}
		if err := a.table(ctx, k, settings); err != nil && ctx.Err() == nil && !pgerr.Is(err, pgerr.LockNotAvailable) {
			a.engine.log.Warn("analysing a table", "table", snapshot.Relation(k.table).Name, "error", err)
		}
	}
}

// due tells whether enough rows have changed.
func due(rel *desc.Relation, s *desc.Statistics, t builtin.TableActivity, settings *session.Settings) bool {
	if !analyzable(rel) || rel.Persistence == 't' || userOption(rel, "autovacuum_enabled", 1) == 0 {
		return false
	}
	rows := 0.0
	if s != nil {
		rows = max(s.Rows, 0)
	}
	base, _ := strconv.ParseFloat(settings.Get("autovacuum_analyze_threshold"), 64)
	scale, _ := strconv.ParseFloat(settings.Get("autovacuum_analyze_scale_factor"), 64)
	return float64(t.Changed) > userOption(rel, "autovacuum_analyze_threshold", base)+userOption(rel, "autovacuum_analyze_scale_factor", scale)*rows
}

// userOption reads a number or a switch among a table's options.
func userOption(rel *desc.Relation, name string, otherwise float64) float64 {
	v, ok := userdata.Option(rel.Options, name)
	if !ok {
		return otherwise
	}
	switch v {
	case "on", "true":
		return 1
	case "off", "false":
		return 0
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return otherwise
	}
	return f
}

// table analyses one table in a transaction of its own; one whose lock is taken is left for the next round.
func (a *autoAnalyze) table(ctx context.Context, k tableKey, settings *session.Settings) error {
	e := a.engine
	t, err := e.store.Begin(ctx, kv.TxnOptions{NoSync: true})
	if err != nil {
		return err
	}
	defer t.Rollback()
	cat := e.catalog.Begin(t, k.database)
	rel, err := cat.LockRelation(ctx, k.table, kv.ShareUpdateExclusive, catalog.Wait{NoWait: true})
	if err != nil {
		return err
	}
	if err := t.NewStatement(ctx); err != nil {
		return err
	}
	table, err := userdata.Open(rel, cat, rowsOnly(rel))
	if err != nil {
		return err
	}
	text := pgtype.Default()
	access := &userdata.Access{Service: e.rows, Txn: t, Now: expr.Microseconds(time.Now())}
	s, err := analyzeTable(ctx, cat, access, analyze.Request{Table: table, Target: int(settings.Int("default_statistics_target")), Text: text, Now: time.Now(), Auto: true})
	if err != nil {
		return err
	}
	if _, err := t.Commit(ctx); err != nil {
		return err
	}
	e.activity.analyzed(k.database, s, true, false, true)
	return nil
}

// rowsOnly opens a table for reading its rows alone: the keys of expression indexes are not asked for.
func rowsOnly(rel *desc.Relation) map[desc.OID]userdata.KeyFunc {
	out := make(map[desc.OID]userdata.KeyFunc)
	for i := range rel.Indexes {
		out[rel.Indexes[i].OID] = func([]pgtype.Datum, []pgtype.Datum) (bool, error) {
			return false, pgerr.New(pgerr.InternalError, "the table was opened for reading rows only")
		}
	}
	return out
}
