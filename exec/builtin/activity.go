package builtin

import (
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// activityFamily shows what was counted of tables, and when they were analysed.
var activityFamily = []Def{
	counter("pg_stat_get_tuples_inserted", func(t TableActivity) int64 { return t.Inserted }),
	counter("pg_stat_get_tuples_updated", func(t TableActivity) int64 { return t.Updated }),
	counter("pg_stat_get_tuples_deleted", func(t TableActivity) int64 { return t.Deleted }),
	counter("pg_stat_get_live_tuples", func(t TableActivity) int64 { return t.Live }),
	counter("pg_stat_get_mod_since_analyze", func(t TableActivity) int64 { return t.Changed }),
	counter("pg_stat_get_ins_since_vacuum", func(t TableActivity) int64 { return t.InsertedSinceVacuum }),
	counter("pg_stat_get_analyze_count", func(t TableActivity) int64 { return t.Analyzes }),
	counter("pg_stat_get_autoanalyze_count", func(t TableActivity) int64 { return t.AutoAnalyzes }),
	counter("pg_stat_get_vacuum_count", func(t TableActivity) int64 { return t.Vacuums }),
	counter("pg_stat_get_autovacuum_count", func(TableActivity) int64 { return 0 }),
	{Name: "pg_stat_get_last_vacuum_time", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return timestampOf(c.Env.TableActivity(a[0].OID()).LastVacuum), nil
	}},
	{Name: "pg_stat_get_last_autovacuum_time", Scalar: givesNull},
	analysed("pg_stat_get_last_analyze_time", func(s *desc.Statistics) time.Time { return s.Analyzed }),
	analysed("pg_stat_get_last_autoanalyze_time", func(s *desc.Statistics) time.Time { return s.Auto }),
}

func counter(name string, of func(TableActivity) int64) Def {
	return Def{Name: name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(of(c.Env.TableActivity(a[0].OID()))), nil
	}}
}

func analysed(name string, of func(*desc.Statistics) time.Time) Def {
	return Def{Name: name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		s := c.Env.Catalog().Statistics(a[0].OID())
		if s == nil {
			return pgtype.Null, nil
		}
		return timestampOf(of(s)), nil
	}}
}
