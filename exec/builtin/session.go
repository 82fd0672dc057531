package builtin

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Version is what version() says: the PostgreSQL that clients see, and who it is.
const Version = "PostgreSQL 16.14 on x86_64-pc-linux-gnu, compiled by kalampg, 64-bit"

// sessionFamily is what is asked about the session, its transaction and the server.
var sessionFamily = []Def{
	{Name: "pgsql_version", Scalar: constant(pgtype.Text(Version))},
	{Name: "current_database", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Text(c.Env.Database()), nil }},
	{Name: "current_user", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) { return roleName(c, c.Env.CurrentUser()), nil }},
	{Name: "session_user", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) { return roleName(c, c.Env.SessionUser()), nil }},
	{Name: "current_schema", Scalar: currentSchema},
	{Name: "current_schemas", Scalar: currentSchemas},
	{Name: "show_config_by_name", Scalar: currentSetting},
	{Name: "show_config_by_name_missing_ok", Scalar: currentSetting},
	{Name: "set_config_by_name", Scalar: setConfig},
	{Name: "pg_backend_pid", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(int64(c.Env.BackendPID())), nil
	}},
	{Name: "pg_is_in_recovery", Scalar: constant(pgtype.Bool(false))},
	{Name: "pg_client_encoding", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
		v, _, err := c.Env.Setting("client_encoding", false)
		return pgtype.Text(v), err
	}},
	{Name: "getdatabaseencoding", Scalar: constant(pgtype.Text("UTF8"))},
	{Name: "pg_jit_available", Scalar: constant(pgtype.Bool(false))},
	{Name: "pg_trigger_depth", Scalar: constant(pgtype.Int(0))},
	{Name: "pg_postmaster_start_time", Scalar: serverStart},
	{Name: "pg_conf_load_time", Scalar: serverStart},
	{Name: "pg_current_xact_id", Scalar: transactionID(true)},
	{Name: "pg_current_xact_id_if_assigned", Scalar: transactionID(false)},
	{Name: "pg_sleep", Scalar: sleep},
	{OID: sqlFunction("pg_sleep_for", pgtype.OIDInterval), Name: "pg_sleep_for", Scalar: sleepFor},
	{OID: sqlFunction("pg_sleep_until", pgtype.OIDTimestamptz), Name: "pg_sleep_until", Scalar: sleepUntil},
	{Name: "pg_cancel_backend", Scalar: signalBackend(false)},
	{Name: "pg_terminate_backend", Scalar: signalBackend(true)},
	{Name: "pg_settings_get_flags", Scalar: settingFlags},
	{Name: "current_query", Scalar: currentQuery},
	{Name: "system_user", Scalar: givesNull}, // no way to log in here has an identity of its own
	{Name: "pg_xact_status", Scalar: transactionStatus},
	{Name: "pg_num_nulls", Scalar: countNulls(true)},
	{Name: "pg_num_nonnulls", Scalar: countNulls(false)},
}

func constant(d pgtype.Datum) Scalar {
	return func(*Call, []pgtype.Datum) (pgtype.Datum, error) { return d, nil }
}

func roleName(c *Call, oid desc.OID) pgtype.Datum {
	if x := c.Env.Catalog().Role(oid); x != nil {
		return pgtype.Text(x.Name)
	}
	return pgtype.Null
}

func currentSchema(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	for _, oid := range c.Env.SearchPath(false) {
		if s := c.Env.Catalog().Schema(oid); s != nil {
			return pgtype.Text(s.Name), nil
		}
	}
	return pgtype.Null, nil
}

func currentSchemas(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	var names []pgtype.Datum
	for _, oid := range c.Env.SearchPath(a[0].Bool()) {
		if s := c.Env.Catalog().Schema(oid); s != nil {
			names = append(names, pgtype.Text(s.Name))
		}
	}
	return pgtype.NewArrayValue(pgtype.NameType, names), nil
}

func currentSetting(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	value, ok, err := c.Env.Setting(a[0].Text(), len(a) > 1 && a[1].Bool())
	if err != nil || !ok {
		return pgtype.Null, err
	}
	return pgtype.Text(value), nil
}

func setConfig(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
	}
	value, err := c.Env.SetSetting(a[0].Text(), a[1].Text(), a[2].Bool())
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Text(value), nil
}

// pgEpoch is where PostgreSQL's timestamps count from.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func timestampOf(t time.Time) pgtype.Datum {
	if t.IsZero() {
		return pgtype.Null
	}
	return pgtype.Int(t.Sub(pgEpoch).Microseconds())
}

func serverStart(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	return timestampOf(c.Env.ServerStart()), nil
}

func transactionID(assign bool) Scalar {
	return func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
		id := c.Env.TransactionID(assign)
		if id == 0 {
			return pgtype.Null, nil
		}
		return pgtype.Int(int64(id)), nil
	}
}

// currentQuery is the text of what the client sent.
func currentQuery(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	pid := c.Env.BackendPID()
	for _, s := range c.Env.Sessions() {
		if s.PID == pid {
			return pgtype.Text(s.Query), nil
		}
	}
	return pgtype.Null, nil
}

// transactionStatus knows the transaction that runs; how earlier ones ended is not kept, which PostgreSQL too says with NULL.
func transactionStatus(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	id := uint64(a[0].Int())
	current := c.Env.TransactionID(false)
	switch {
	case id != 0 && id == current:
		return pgtype.Text("in progress"), nil
	case current != 0 && id > current:
		return pgtype.Null, errParameter("transaction ID %d is in the future", id)
	}
	return pgtype.Null, nil
}

// explainedSettings are the settings that EXPLAIN (SETTINGS) shows; kalampg's own have no flags.
var explainedSettings = strings.Fields(`constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction effective_cache_size
	effective_io_concurrency hash_mem_multiplier jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost join_collapse_limit from_collapse_limit
	maintenance_io_concurrency max_parallel_workers max_parallel_workers_per_gather min_parallel_index_scan_size min_parallel_table_scan_size
	parallel_leader_participation parallel_setup_cost parallel_tuple_cost plan_cache_mode random_page_cost recursive_worktable_factor search_path seq_page_cost
	temp_buffers work_mem debug_parallel_query`)

// hiddenSettings are left out of the sample configuration.
var hiddenSettings = strings.Fields(`allow_in_place_tablespaces allow_system_table_mods application_name backtrace_functions block_size data_checksums
	data_directory_mode debug_assertions debug_discard_caches debug_io_direct debug_logical_replication_streaming debug_parallel_query ignore_checksum_failure
	ignore_invalid_pages ignore_system_indexes in_hot_standby integer_datetimes is_superuser jit_debugging_support jit_dump_bitcode jit_expressions
	jit_profiling_support jit_tuple_deforming max_function_args max_identifier_length max_index_keys post_auth_delay pre_auth_delay
	remove_temp_files_after_crash restrict_nonsystem_relation_kind segment_size send_abort_for_crash send_abort_for_kill server_encoding server_version
	server_version_num session_authorization shared_memory_size shared_memory_size_in_huge_pages ssl_library trace_notify trace_recovery_messages trace_sort
	transaction_deferrable transaction_isolation transaction_read_only wal_block_size wal_consistency_checking wal_segment_size zero_damaged_pages`)

// computedSettings are known only at run time.
var computedSettings = strings.Fields("data_checksums data_directory_mode shared_memory_size shared_memory_size_in_huge_pages wal_segment_size")

func settingFlags(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	name := strings.ToLower(a[0].Text())
	if _, ok, err := c.Env.Setting(name, true); err != nil || !ok {
		return pgtype.Null, err
	}
	flags := []string{}
	add := func(flag string, is bool) {
		if is {
			flags = append(flags, flag)
		}
	}
	add("EXPLAIN", slices.Contains(explainedSettings, name) || strings.HasPrefix(name, "enable_") || strings.HasPrefix(name, "geqo"))
	transaction := name == "transaction_isolation" || name == "transaction_read_only" || name == "transaction_deferrable"
	add("NO_RESET", transaction)
	add("NO_RESET_ALL", transaction)
	add("NOT_IN_SAMPLE", slices.Contains(hiddenSettings, name))
	add("RUNTIME_COMPUTED", slices.Contains(computedSettings, name))
	return textArray(flags), nil
}

// sleep waits for some seconds or until the statement is cancelled.
func sleep(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	seconds := a[0].Float()
	if math.IsNaN(seconds) || seconds <= 0 {
		return pgtype.Text(""), nil
	}
	return wait(c, time.Duration(math.Min(seconds*float64(time.Second), math.MaxInt64/2)))
}

func wait(c *Call, d time.Duration) (pgtype.Datum, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return pgtype.Text(""), nil
	case <-c.Ctx.Done():
		return pgtype.Null, pgerr.Wrap(c.Ctx.Err(), pgerr.QueryCanceled, "canceling statement due to user request")
	}
}

func sleepFor(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Interval()
	days := int64(v.Days) + 30*int64(v.Months)
	return wait(c, time.Duration(v.Micros)*time.Microsecond+time.Duration(days)*24*time.Hour)
}

func sleepUntil(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return wait(c, time.Until(pgEpoch.Add(time.Duration(a[0].Int())*time.Microsecond)))
}

func signalBackend(terminate bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		ok, err := c.Env.Signal(int32(a[0].Int()), terminate)
		return pgtype.Bool(ok), err
	}
}

// countNulls counts the arguments, or the elements of a VARIADIC array, that are or are not NULL.
func countNulls(nulls bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		if c.Variadic {
			if a[0].IsNull() {
				return pgtype.Null, nil
			}
			a = a[0].Array().Elems
		}
		n := 0
		for _, d := range a {
			if d.IsNull() == nulls {
				n++
			}
		}
		return pgtype.Int(int64(n)), nil
	}
}

var networkFamily = []Def{
	{Name: "inet_client_addr", Scalar: clientAddress},
	{Name: "inet_client_port", Scalar: clientPort},
	{Name: "inet_server_addr", Scalar: givesNull},
	{Name: "inet_server_port", Scalar: serverPort},
}

// clientAddress is NULL for a connection over a Unix socket. The address has no type here that could hold it otherwise.
func clientAddress(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	host, _ := splitAddress(c.Env.ClientAddr())
	if host == "" {
		return pgtype.Null, nil
	}
	return pgtype.InetType.Codec.ParseText(c.Text, host, -1)
}

func clientPort(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	_, port := splitAddress(c.Env.ClientAddr())
	if port == "" {
		return pgtype.Null, nil
	}
	return pgtype.Int4Type.Codec.ParseText(c.Text, port, -1)
}

// serverPort is the port that a client over TCP came in by.
func serverPort(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	if _, port := splitAddress(c.Env.ClientAddr()); port == "" {
		return pgtype.Null, nil
	}
	port, ok, err := c.Env.Setting("port", true)
	if err != nil || !ok {
		return pgtype.Null, err
	}
	return pgtype.Int4Type.Codec.ParseText(c.Text, port, -1)
}

// splitAddress takes "host:port" or "[host]:port" apart; both are empty for a Unix socket.
func splitAddress(s string) (host, port string) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "@") {
		return "", ""
	}
	return strings.Trim(s[:i], "[]"), s[i+1:]
}
