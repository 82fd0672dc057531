package pgx_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

func TestBatch(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS batch", "CREATE TABLE batch (id int PRIMARY KEY, v text)")
	batch := &pgx.Batch{}
	for i := range 100 {
		batch.Queue("INSERT INTO batch VALUES ($1, $2)", i, fmt.Sprint("v", i))
	}
	batch.Queue("SELECT count(*) FROM batch")
	results := conn.SendBatch(limited(t), batch)
	for range 100 {
		tag, err := results.Exec()
		noError(t, err)
		equal(t, "rows", tag.RowsAffected(), 1)
	}
	var count int
	noError(t, results.QueryRow().Scan(&count))
	noError(t, results.Close())
	equal(t, "count", count, 100)
}

func TestBatchIsOneTransaction(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS batch_tx", "CREATE TABLE batch_tx (id int PRIMARY KEY)")
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO batch_tx VALUES (1)")
	batch.Queue("INSERT INTO batch_tx VALUES (1)")
	batch.Queue("INSERT INTO batch_tx VALUES (2)")
	serverError(t, conn.SendBatch(limited(t), batch).Close(), "23505")
	var count int
	noError(t, conn.QueryRow(limited(t), "SELECT count(*) FROM batch_tx").Scan(&count))
	equal(t, "rows after the failed batch", count, 0)
}

func TestCopyFrom(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS copied",
		"CREATE TABLE copied (id int8 PRIMARY KEY, t text, f float8, b bool, ts timestamptz, a int4[], j jsonb, n numeric, u uuid, by bytea)")
	const rows = 20000
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	columns := []string{"id", "t", "f", "b", "ts", "a", "j", "n", "u", "by"}
	source := func(from int) pgx.CopyFromSource {
		return pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			if i%10 == 9 {
				return []any{int64(from + i), nil, nil, nil, nil, nil, nil, nil, nil, nil}, nil
			}
			return []any{int64(from + i), fmt.Sprint("t", i), float64(i) / 4, i%2 == 0, at.Add(time.Duration(i) * time.Second),
				[]int32{int32(i), -1}, map[string]int{"i": i}, fmt.Sprintf("%d.50", i), [16]byte{byte(i)}, []byte{byte(i), 0}}, nil
		})
	}
	copied, err := conn.CopyFrom(limited(t), pgx.Identifier{"copied"}, columns, source(0))
	noError(t, err)
	equal(t, "copied", copied, rows)
	var count, nulls, sum int64
	var last time.Time
	noError(t, conn.QueryRow(limited(t), `SELECT count(*), count(*) FILTER (WHERE t IS NULL AND a IS NULL),
		sum((j->>'i')::int8), max(ts) FROM copied`).Scan(&count, &nulls, &sum, &last))
	equal(t, "count", count, rows)
	equal(t, "nulls", nulls, rows/10)
	var want int64
	for i := range int64(rows) {
		if i%10 != 9 {
			want += i
		}
	}
	equal(t, "sum", sum, want)
	equal(t, "last", last.UTC(), at.Add((rows-2)*time.Second))

	_, err = conn.CopyFrom(limited(t), pgx.Identifier{"copied"}, columns, source(rows-1))
	serverError(t, err, "23505")
	noError(t, conn.QueryRow(limited(t), "SELECT count(*) FROM copied").Scan(&count))
	equal(t, "count after a failed COPY", count, rows)
}

func TestCopyTo(t *testing.T) {
	conn := connect(t)
	var out strings.Builder
	tag, err := conn.PgConn().CopyTo(limited(t), &out, "COPY (SELECT g, 'x' || g FROM generate_series(1, 3) g) TO STDOUT (FORMAT csv)")
	noError(t, err)
	equal(t, "rows", tag.RowsAffected(), 3)
	equal(t, "data", out.String(), "1,x1\n2,x2\n3,x3\n")
}

func TestCopyFromThatTheClientGivesUp(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS given_up", "CREATE TABLE given_up (id int)")
	broken := errors.New("the source broke")
	_, err := conn.CopyFrom(limited(t), pgx.Identifier{"given_up"}, []string{"id"}, pgx.CopyFromFunc(func() ([]any, error) {
		return nil, broken
	}))
	if err == nil {
		t.Fatal("the copy succeeded")
	}
	var count int
	noError(t, conn.QueryRow(limited(t), "SELECT count(*) FROM given_up").Scan(&count))
	equal(t, "count", count, 0)
}

func TestCancelRequest(t *testing.T) {
	conn := connect(t)
	ctx := limited(t)
	go func() {
		time.Sleep(200 * time.Millisecond)
		_ = conn.PgConn().CancelRequest(ctx)
	}()
	start := time.Now()
	_, err := conn.Exec(ctx, "SELECT pg_sleep(30)")
	serverError(t, err, "57014")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("cancelled after %v", took)
	}
	noError(t, conn.Ping(ctx))
}

func TestCancelOfAQueryThatComputes(t *testing.T) {
	conn := connect(t)
	ctx := limited(t)
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = conn.PgConn().CancelRequest(ctx)
	}()
	_, err := conn.Exec(ctx, "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")
	serverError(t, err, "57014")
	noError(t, conn.Ping(ctx))
}

func TestStatementTimeout(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "SET statement_timeout = '100ms'")
	_, err := conn.Exec(limited(t), "SELECT pg_sleep(30)")
	serverError(t, err, "57014")
	execute(t, conn, "RESET statement_timeout", "SELECT 1")
}

func TestContextDeadlineEndsAQuery(t *testing.T) {
	conn := connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(30)"); err == nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNotices(t *testing.T) {
	var notices []*pgconn.Notice
	conn := connect(t, func(c *pgx.ConnConfig) {
		c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n) }
	})
	execute(t, conn, "DROP TABLE IF EXISTS never_there", "SET client_min_messages = warning", "DROP TABLE IF EXISTS never_there")
	if len(notices) != 1 {
		t.Fatalf("got %d notices", len(notices))
	}
	equal(t, "severity", notices[0].Severity, "NOTICE")
	equal(t, "code", notices[0].Code, "00000")
	equal(t, "message", notices[0].Message, `table "never_there" does not exist, skipping`)
}

func TestErrorFields(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS fields",
		"CREATE TABLE fields (id int PRIMARY KEY, n int NOT NULL, CONSTRAINT positive CHECK (n > 0))", "INSERT INTO fields VALUES (1, 1)")
	_, err := conn.Exec(limited(t), "INSERT INTO fields VALUES ($1, $2)", 1, 1)
	e := serverError(t, err, "23505")
	equal(t, "severity", e.Severity, "ERROR")
	equal(t, "schema", e.SchemaName, "public")
	equal(t, "table", e.TableName, "fields")
	equal(t, "constraint", e.ConstraintName, "fields_pkey")
	equal(t, "detail", e.Detail, "Key (id)=(1) already exists.")
	_, err = conn.Exec(limited(t), "INSERT INTO fields (id) VALUES (2)")
	equal(t, "column", serverError(t, err, "23502").ColumnName, "n")
	_, err = conn.Exec(limited(t), "INSERT INTO fields VALUES (2, 0)")
	equal(t, "constraint", serverError(t, err, "23514").ConstraintName, "positive")
	_, err = conn.Exec(limited(t), "SELECT id, nope FROM fields")
	equal(t, "position", serverError(t, err, "42703").Position, 12)
	_, err = conn.Exec(limited(t), "SELECT é, nope FROM fields")
	equal(t, "position in characters", serverError(t, err, "42703").Position, 8)
	_, err = conn.Exec(limited(t), "SELECT $1::int", "not a number")
	if err == nil {
		t.Error("a text was taken for an integer")
	}
}

func TestStatementCacheSurvivesDDL(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS cached", "CREATE TABLE cached (id int)", "INSERT INTO cached VALUES (1)")
	read := func() (int, error) {
		rows, err := conn.Query(limited(t), "SELECT * FROM cached WHERE id = $1", 1)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
		}
		return len(rows.FieldDescriptions()), rows.Err()
	}
	columns, err := read()
	noError(t, err)
	equal(t, "columns", columns, 1)
	execute(t, connect(t), "ALTER TABLE cached ADD COLUMN v text")
	if _, err = read(); err != nil {
		serverError(t, err, "0A000")
		_, err = read()
		noError(t, err)
	}
	columns, err = read()
	noError(t, err)
	equal(t, "columns after ALTER TABLE", columns, 2)
}

func TestPreparedStatementDescription(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS described", "CREATE TABLE described (id int8, n numeric(8,2), v varchar(7))")
	statement, err := conn.Prepare(limited(t), "st", "SELECT n, v, $3::date FROM described WHERE id = $1 AND v LIKE $2")
	noError(t, err)
	if got := fmt.Sprint(statement.ParamOIDs); got != "[20 25 1082]" {
		t.Errorf("parameters %s", got)
	}
	first, second := statement.Fields[0], statement.Fields[1]
	equal(t, "type", first.DataTypeOID, 1700)
	equal(t, "modifier", first.TypeModifier, (8<<16|2)+4)
	equal(t, "modifier", second.TypeModifier, 11)
	equal(t, "column number", second.TableAttributeNumber, 3)
	if first.TableOID == 0 || statement.Fields[2].TableOID != 0 {
		t.Errorf("tables %d and %d", first.TableOID, statement.Fields[2].TableOID)
	}
	_, err = conn.PgConn().Prepare(limited(t), "st", "SELECT 1", nil)
	serverError(t, err, "42P05")
	noError(t, conn.Deallocate(limited(t), "st"))
	serverError(t, conn.PgConn().ExecPrepared(limited(t), "st", nil, nil, nil).Read().Err, "26000")
}

// TestPortalsInterleaved drives the extended protocol by hand: two portals of one statement, read in turns.
func TestPortalsInterleaved(t *testing.T) {
	conn := connect(t)
	hijacked, err := conn.PgConn().Hijack()
	noError(t, err)
	defer hijacked.Conn.Close()
	noError(t, hijacked.Conn.SetDeadline(time.Now().Add(30*time.Second)))
	f := hijacked.Frontend
	send := func(messages ...pgproto3.FrontendMessage) {
		for _, m := range messages {
			f.Send(m)
		}
		noError(t, f.Flush())
	}
	// read returns a compact form of what comes until ReadyForQuery or the given number of messages.
	read := func() string {
		var got []string
		for {
			m, err := f.Receive()
			noError(t, err)
			switch m := m.(type) {
			case *pgproto3.ParseComplete:
				got = append(got, "parsed")
			case *pgproto3.BindComplete:
				got = append(got, "bound")
			case *pgproto3.DataRow:
				got = append(got, string(m.Values[0]))
			case *pgproto3.PortalSuspended:
				got = append(got, "suspended")
			case *pgproto3.CommandComplete:
				got = append(got, string(m.CommandTag))
			case *pgproto3.CloseComplete:
				got = append(got, "closed")
			case *pgproto3.ErrorResponse:
				got = append(got, "error "+m.Code)
			case *pgproto3.ReadyForQuery:
				return strings.Join(append(got, string(m.TxStatus)), " ")
			default:
				got = append(got, fmt.Sprintf("%T", m))
			}
		}
	}
	send(&pgproto3.Parse{Name: "s", Query: "SELECT g FROM generate_series(1, $1::int) g"},
		&pgproto3.Query{String: "BEGIN"})
	equal(t, "begin", read(), "parsed BEGIN T")
	send(&pgproto3.Bind{DestinationPortal: "a", PreparedStatement: "s", Parameters: [][]byte{[]byte("5")}},
		&pgproto3.Bind{DestinationPortal: "b", PreparedStatement: "s", Parameters: [][]byte{[]byte("3")}},
		&pgproto3.Execute{Portal: "a", MaxRows: 2}, &pgproto3.Execute{Portal: "b", MaxRows: 1},
		&pgproto3.Execute{Portal: "a", MaxRows: 2}, &pgproto3.Sync{})
	equal(t, "first", read(), "bound bound 1 2 suspended 1 suspended 3 4 suspended T")
	send(&pgproto3.Execute{Portal: "b"}, &pgproto3.Execute{Portal: "a", MaxRows: 1}, &pgproto3.Execute{Portal: "a", MaxRows: 1}, &pgproto3.Sync{})
	equal(t, "second", read(), "2 3 SELECT 2 5 suspended SELECT 0 T")
	send(&pgproto3.Close{ObjectType: 'P', Name: "a"}, &pgproto3.Execute{Portal: "a"}, &pgproto3.Execute{Portal: "b"}, &pgproto3.Sync{})
	equal(t, "third", read(), "closed error 34000 E")
	send(&pgproto3.Query{String: "ROLLBACK"})
	equal(t, "rollback", read(), "ROLLBACK I")
	send(&pgproto3.Bind{DestinationPortal: "c", PreparedStatement: "s", Parameters: [][]byte{[]byte("2")}},
		&pgproto3.Execute{Portal: "c", MaxRows: 1}, &pgproto3.Sync{}, &pgproto3.Execute{Portal: "c"}, &pgproto3.Sync{})
	equal(t, "a portal without a transaction", read(), "bound 1 suspended I")
	equal(t, "ends with Sync", read(), "error 34000 I")
	send(&pgproto3.Parse{Query: "SELECT 1; SELECT 2"}, &pgproto3.Sync{})
	equal(t, "two statements", read(), "error 42601 I")
	send(&pgproto3.Parse{Query: ""}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})
	equal(t, "empty", read(), "parsed bound *pgproto3.EmptyQueryResponse I")
	send(&pgproto3.Bind{PreparedStatement: "s"}, &pgproto3.Sync{})
	equal(t, "missing parameter", read(), "error 08P01 I")
	send(&pgproto3.Bind{PreparedStatement: "none"}, &pgproto3.Sync{})
	equal(t, "unknown statement", read(), "error 26000 I")
}

func TestPipeline(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS piped", "CREATE TABLE piped (id int PRIMARY KEY)")
	pipeline := conn.PgConn().StartPipeline(limited(t))
	insert := func(id string) {
		pipeline.SendQueryParams("INSERT INTO piped VALUES ($1::int)", [][]byte{[]byte(id)}, nil, nil, nil)
	}
	insert("1")
	noError(t, pipeline.Sync())
	insert("1")
	insert("2")
	noError(t, pipeline.Sync())
	insert("3")
	noError(t, pipeline.Sync())
	var outcome []string
	for {
		results, err := pipeline.GetResults()
		if e, ok := asPgError(err); ok {
			outcome = append(outcome, e.Code)
			continue
		}
		noError(t, err)
		if results == nil {
			break
		}
		switch r := results.(type) {
		case *pgconn.ResultReader:
			tag, err := r.Close()
			if e, ok := asPgError(err); ok {
				outcome = append(outcome, e.Code)
			} else {
				outcome = append(outcome, tag.String())
			}
		case *pgconn.PipelineSync:
			outcome = append(outcome, "sync")
		}
	}
	noError(t, pipeline.Close())
	equal(t, "outcome", strings.Join(outcome, ", "), "INSERT 0 1, sync, 23505, sync, INSERT 0 1, sync")
}

func TestStartup(t *testing.T) {
	conn := connect(t, func(c *pgx.ConnConfig) {
		c.RuntimeParams["application_name"] = "startup"
		c.RuntimeParams["options"] = "-c work_mem=7MB -c search_path=pg_catalog"
	})
	var application, memory, path string
	noError(t, conn.QueryRow(limited(t), "SELECT current_setting('application_name'), current_setting('work_mem'), current_setting('search_path')").
		Scan(&application, &memory, &path))
	equal(t, "settings", application+" "+memory+" "+path, "startup 7MB pg_catalog")
	for _, name := range []string{"server_version", "server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
		"integer_datetimes", "standard_conforming_strings", "application_name", "is_superuser", "session_authorization",
		"default_transaction_read_only", "in_hot_standby"} {
		if conn.PgConn().ParameterStatus(name) == "" {
			t.Errorf("no ParameterStatus for %s", name)
		}
	}
	execute(t, conn, "SET application_name = 'changed'")
	equal(t, "a changed parameter", conn.PgConn().ParameterStatus("application_name"), "changed")
	refused := func(code string, change func(*pgx.ConnConfig)) {
		t.Helper()
		config, err := pgx.ParseConfig(running.DSN("postgres"))
		noError(t, err)
		change(config)
		_, err = pgx.ConnectConfig(limited(t), config)
		serverError(t, err, code)
	}
	refused("3D000", func(c *pgx.ConnConfig) { c.Database = "no_such_database" })
	refused("28000", func(c *pgx.ConnConfig) { c.User = "no_such_role" })
	refused("42704", func(c *pgx.ConnConfig) { c.RuntimeParams["no_such_setting"] = "1" })
	refused("22023", func(c *pgx.ConnConfig) { c.RuntimeParams["work_mem"] = "1 parsec" })
}

func TestTransactions(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS tx", "CREATE TABLE tx (id int PRIMARY KEY)")
	ctx := limited(t)
	insert := func(tx pgx.Tx, id int) error {
		_, err := tx.Exec(ctx, "INSERT INTO tx VALUES ($1)", id)
		return err
	}
	noError(t, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		noError(t, insert(tx, 1))
		_ = pgx.BeginFunc(ctx, tx, func(nested pgx.Tx) error {
			noError(t, insert(nested, 2))
			return insert(nested, 1)
		})
		return insert(tx, 3)
	}))
	tx, err := conn.Begin(ctx)
	noError(t, err)
	noError(t, insert(tx, 4))
	noError(t, tx.Rollback(ctx))
	tx, err = conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead})
	noError(t, err)
	serverError(t, insert(tx, 5), "25006")
	if err := tx.Commit(ctx); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("commit of a failed transaction: %v", err)
	}
	rows, err := conn.Query(ctx, "SELECT id FROM tx ORDER BY id")
	noError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	noError(t, err)
	equal(t, "rows", fmt.Sprint(ids), "[1 3]")
}
