package builtin

import (
	"crypto/tls"
	"math"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// seriesFamily is the functions that give several rows.
var seriesFamily = []Def{
	{Name: "generate_series_int4", Set: intSeriesOf(math.MaxInt32)},
	{Name: "generate_series_step_int4", Set: intSeriesOf(math.MaxInt32)},
	{Name: "generate_series_int8", Set: intSeriesOf(math.MaxInt64)},
	{Name: "generate_series_step_int8", Set: intSeriesOf(math.MaxInt64)},
	{Name: "generate_series_numeric", Set: numericSeriesOf},
	{Name: "generate_series_step_numeric", Set: numericSeriesOf},
	{Name: "pg_get_keywords", Set: factRows("pg_keywords")},
	{Name: "pg_options_to_table", Set: optionsToTable},
	{Name: "show_all_settings", Set: showAllSettings},
	{Name: "pg_stat_get_activity", Set: statActivity},
	{Name: "pg_timezone_names", Set: timezoneNames},
	{Name: "pg_timezone_abbrevs", Set: factRows("pg_timezone_abbrevs")},
	{Name: "pg_cursor", Set: cursors},
	{Name: "pg_prepared_statement", Set: preparedStatements},
	{Name: "pg_prepared_xact", Set: preparedTransactions},
	{Name: "pg_config", Set: noRows},
	{Name: "pg_hba_file_rules", Set: noRows},
	{Name: "pg_ident_file_mappings", Set: noRows},
	{Name: "show_all_file_settings", Set: noRows},
	{Name: "pg_get_backend_memory_contexts", Set: noRows},
	{Name: "pg_get_shmem_allocations", Set: noRows},
	{Name: "pg_get_replication_slots", Set: noRows},
	{Name: "pg_show_replication_origin_status", Set: noRows},
	{Name: "pg_partition_ancestors", Set: noRows},
	{Name: "pg_partition_tree", Set: noRows},
	{Name: "ts_token_type_byid", Set: tokenTypes},
	{Name: "ts_token_type_byname", Set: tokenTypesByName},
	{Name: "pg_get_publication_tables", Set: noRows},
	{Name: "pg_available_extensions", Set: availableExtensions},
	{Name: "pg_available_extension_versions", Set: availableExtensionVersions},
}

// noRows serves lists of things of which there are none.
func noRows(*Call, []pgtype.Datum) (Rows, error) { return listed(nil), nil }

// intSeries counts from next to stop by step; max is the largest value of the type.
type intSeries struct {
	next, stop, step, max int64
	done                  bool
}

func intSeriesOf(max int64) Set {
	return func(_ *Call, a []pgtype.Datum) (Rows, error) {
		s := &intSeries{next: a[0].Int(), stop: a[1].Int(), step: 1, max: max}
		if len(a) > 2 {
			if s.step = a[2].Int(); s.step == 0 {
				return nil, errZeroStep()
			}
		}
		return s, nil
	}
}

func errZeroStep() error {
	return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
}

func (s *intSeries) Next() (pgtype.Datum, bool, error) {
	if s.done || s.step > 0 && s.next > s.stop || s.step < 0 && s.next < s.stop {
		return pgtype.Null, false, nil
	}
	v := s.next
	if s.step > 0 && v > s.max-s.step || s.step < 0 && v < -s.max-1-s.step {
		s.done = true
	} else {
		s.next = v + s.step
	}
	return pgtype.Int(v), true, nil
}

// numericSeries adds exactly.
type numericSeries struct{ next, stop, step numeric.Num }

func numericSeriesOf(_ *Call, a []pgtype.Datum) (Rows, error) {
	s := &numericSeries{next: a[0].Numeric(), stop: a[1].Numeric(), step: numeric.FromInt64(1)}
	if len(a) > 2 {
		s.step = a[2].Numeric()
	}
	for i, x := range []numeric.Num{s.next, s.stop, s.step} {
		name := []string{"start value", "stop value", "step size"}[i]
		if x.IsNaN() {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "%s cannot be NaN", name)
		}
		if x.IsInf() {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "%s cannot be infinity", name)
		}
	}
	if s.step.IsZero() {
		return nil, errZeroStep()
	}
	return s, nil
}

func (s *numericSeries) Next() (pgtype.Datum, bool, error) {
	if d := numeric.Cmp(s.next, s.stop); s.step.Sign() > 0 && d > 0 || s.step.Sign() < 0 && d < 0 {
		return pgtype.Null, false, nil
	}
	v := s.next
	var err error
	s.next, err = numeric.Add(v, s.step)
	return pgtype.NumericValue(v), true, err
}

// factRows gives the rows of a recorded table, in the types of the function's columns.
func factRows(table string) Set {
	return func(c *Call, _ []pgtype.Datum) (Rows, error) {
		types := outTypes(c)
		facts := pgfacts.Load(table)
		rows := make([]pgtype.Datum, 0, len(facts.Rows))
		for _, row := range facts.Rows {
			fields := make([]pgtype.Datum, len(types))
			for i, t := range types {
				if i >= len(row) || row[i] == "" {
					continue
				}
				d, err := t.Codec.ParseText(c.Text, row[i], -1)
				if err != nil {
					return nil, err
				}
				fields[i] = d
			}
			rows = append(rows, outRecord(c, types, fields...))
		}
		return listed(rows), nil
	}
}

func optionsToTable(c *Call, a []pgtype.Datum) (Rows, error) {
	var rows []pgtype.Datum
	for _, e := range a[0].Array().Elems {
		if e.IsNull() {
			continue
		}
		name, value, ok := strings.Cut(e.Text(), "=")
		v := pgtype.Null
		if ok {
			v = pgtype.Text(value)
		}
		rows = append(rows, outRecord(c, []*pgtype.Type{pgtype.TextType, pgtype.TextType}, pgtype.Text(name), v))
	}
	return listed(rows), nil
}

// showAllSettings is pg_settings: the recorded definitions with this session's values.
func showAllSettings(c *Call, _ []pgtype.Datum) (Rows, error) {
	types := outTypes(c)
	var rows []pgtype.Datum
	settings := pgfacts.Settings()
	for i := range settings {
		s := &settings[i]
		value, ok, err := c.Env.Setting(s.Name, true)
		if err != nil || !ok {
			value = s.Value
		}
		enum := pgtype.Null
		if len(s.Enum) > 0 {
			enum = textArray(s.Enum)
		}
		source := "default"
		value = inUnits(value, s.Unit)
		if value != s.Value {
			source = "session"
		}
		rows = append(rows, outRecord(c, types, pgtype.Text(s.Name), pgtype.Text(value), textOrNull(s.Unit), pgtype.Text(s.Category), pgtype.Text(s.Short), textOrNull(s.Extra),
			pgtype.Text(s.Context), pgtype.Text(s.Type), pgtype.Text(source), textOrNull(s.Min), textOrNull(s.Max), enum, pgtype.Text(s.Boot), pgtype.Text(s.Value),
			pgtype.Null, pgtype.Null, pgtype.Bool(false)))
	}
	return listed(rows), nil
}

// unitFactors are the units that SHOW prints values in, as multiples of the smallest of their kind.
var unitFactors = map[string]int64{
	"B": 1, "kB": 1 << 10, "8kB": 8 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40,
	"us": 1, "ms": 1000, "s": 1000 * 1000, "min": 60 * 1000 * 1000, "h": 3600 * 1000 * 1000, "d": 24 * 3600 * 1000 * 1000,
}

// inUnits turns what SHOW prints ("4MB") into pg_settings' number of the setting's own unit.
func inUnits(value, unit string) string {
	factor, ok := unitFactors[unit]
	if !ok {
		return value
	}
	i := 0
	for i < len(value) && (value[i] >= '0' && value[i] <= '9' || value[i] == '-') {
		i++
	}
	given, ok := unitFactors[value[i:]]
	n, err := pgtype.Int8Type.Codec.ParseText(nil, value[:i], -1)
	if !ok || err != nil {
		return value
	}
	return string(pgtype.Int8Type.Codec.AppendText(nil, nil, pgtype.Int(n.Int()*given/factor)))
}

// statActivity lists the sessions; with a pid, that one.
func statActivity(c *Call, a []pgtype.Datum) (Rows, error) {
	types := outTypes(c)
	names := outNames(c)
	var rows []pgtype.Datum
	for _, s := range c.Env.Sessions() {
		if len(a) > 0 && !a[0].IsNull() && a[0].Int() != int64(s.PID) {
			continue
		}
		host, port := splitAddress(s.ClientAddr)
		values := map[string]pgtype.Datum{
			"datid": pgtype.OIDValue(s.Database), "pid": pgtype.Int(int64(s.PID)), "usesysid": pgtype.OIDValue(s.User),
			"application_name": pgtype.Text(s.Application), "state": textOrNull(s.State), "query": pgtype.Text(s.Query),
			"xact_start": timestampOf(s.TransactionStart), "query_start": timestampOf(s.QueryStart), "backend_start": timestampOf(s.BackendStart),
			"state_change": timestampOf(s.StateChange), "backend_type": pgtype.Text("client backend"),
			"ssl": pgtype.Bool(false), "gss_auth": pgtype.Bool(false), "gss_enc": pgtype.Bool(false), "gss_delegation": pgtype.Bool(false),
			"client_port": pgtype.Int(-1), "wait_event_type": textOrNull(s.WaitType), "wait_event": textOrNull(s.Wait),
		}
		if s.TLS != nil {
			values["ssl"] = pgtype.Bool(true)
			values["sslversion"] = pgtype.Text(strings.ReplaceAll(tls.VersionName(s.TLS.Version), "TLS 1.", "TLSv1."))
			values["sslcipher"], values["sslbits"] = pgtype.Text(tls.CipherSuiteName(s.TLS.CipherSuite)), pgtype.Int(cipherBits(s.TLS.CipherSuite))
		}
		if s.XID != 0 {
			values["backend_xid"] = pgtype.Int(int64(s.XID))
		}
		if port != "" {
			if d, err := pgtype.Int4Type.Codec.ParseText(c.Text, port, -1); err == nil {
				values["client_port"] = d
			}
			if d, err := pgtype.InetType.Codec.ParseText(c.Text, host, -1); err == nil {
				values["client_addr"] = d
			}
		}
		fields := make([]pgtype.Datum, len(types))
		for i := range fields {
			fields[i] = values[names[i]]
		}
		rows = append(rows, outRecord(c, types, fields...))
	}
	return listed(rows), nil
}

// cipherBits is the length of a cipher's key, which its name tells.
func cipherBits(suite uint16) int64 {
	if name := tls.CipherSuiteName(suite); strings.Contains(name, "AES_128") {
		return 128
	}
	return 256
}

// timezoneNames lists the zones that this machine's database has, with their offsets now.
func timezoneNames(c *Call, _ []pgtype.Datum) (Rows, error) {
	types := outTypes(c)
	now := c.Env.TransactionTime()
	var rows []pgtype.Datum
	for _, row := range pgfacts.Load("pg_timezone_names").Rows {
		loc, err := time.LoadLocation(row[0])
		if err != nil {
			continue
		}
		abbrev, offset := now.In(loc).Zone()
		rows = append(rows, outRecord(c, types, pgtype.Text(row[0]), pgtype.Text(abbrev), pgtype.IntervalValue(datetime.Interval{Micros: int64(offset) * 1e6}),
			pgtype.Bool(now.In(loc).IsDST())))
	}
	return listed(rows), nil
}

func availableExtensions(c *Call, _ []pgtype.Datum) (Rows, error) {
	row := outRecord(c, outTypes(c), pgtype.Text("plpgsql"), pgtype.Text("1.0"), pgtype.Text("PL/pgSQL procedural language"))
	return listed([]pgtype.Datum{row}), nil
}

func availableExtensionVersions(c *Call, _ []pgtype.Datum) (Rows, error) {
	row := outRecord(c, outTypes(c), pgtype.Text("plpgsql"), pgtype.Text("1.0"), pgtype.Bool(true), pgtype.Bool(true), pgtype.Bool(false), pgtype.Text("pg_catalog"),
		pgtype.Null, pgtype.Text("PL/pgSQL procedural language"))
	return listed([]pgtype.Datum{row}), nil
}
