package durability

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/server"
)

// TestPreparedTransactionsSurviveKill prepares transactions, kills the server, and finds them with their locks; what is then committed or rolled back stays so over another kill.
func TestPreparedTransactionsSurviveKill(t *testing.T) {
	s, err := server.Start(t.Context(), server.Options{Arguments: []string{"--max-prepared-transactions=10"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	conn := connect(t, s)
	rows := filepath.Join(t.TempDir(), "rows")
	execute(t, conn, "CREATE TABLE money (id int PRIMARY KEY, n int)", "CREATE INDEX ON money (n)", "INSERT INTO money VALUES (1, 10), (2, 20), (3, 30)",
		"CREATE TABLE gone (x int)", "CREATE ROLE helper",
		"BEGIN", "UPDATE money SET n = 11 WHERE id = 1", "DELETE FROM money WHERE id = 3", "INSERT INTO money VALUES (4, 40)",
		"CREATE TABLE made (id serial PRIMARY KEY, s text)", "INSERT INTO made (s) VALUES ('a'), ('b')", "DROP TABLE gone", "ALTER TABLE money ADD COLUMN note text DEFAULT 'x'",
		"COMMENT ON TABLE money IS 'later'", "GRANT SELECT ON made TO helper", "PREPARE TRANSACTION 'commit me'",
		"CREATE TABLE other (id int PRIMARY KEY, n int)", "INSERT INTO other VALUES (1, 1), (2, 2)",
		"CREATE TABLE many (id int PRIMARY KEY, s text)", "CREATE INDEX ON many (s)",
		"BEGIN", "COPY (SELECT i, 'row ' || i FROM generate_series(1, 30000) i) TO '"+rows+"'", "ROLLBACK",
		"BEGIN", "COPY many FROM '"+rows+"'", "DELETE FROM many WHERE id <= 10", "PREPARE TRANSACTION 'copied'",
		"BEGIN", "UPDATE other SET n = 5 WHERE id = 1", "PREPARE TRANSACTION 'undo me'",
		"BEGIN ISOLATION LEVEL SERIALIZABLE", "UPDATE other SET n = 7 WHERE id = 2", "PREPARE TRANSACTION 'leave me'")
	wants := func(want ...string) {
		t.Helper()
		conn = connect(t, s)
		for i := 0; i < len(want); i += 2 {
			if got := answer(t, conn, want[i]); got != want[i+1] {
				t.Errorf("%s: %s, want %s", want[i], got, want[i+1])
			}
		}
	}
	locked := func(statement string) {
		t.Helper()
		execute(t, conn, "SET lock_timeout = '50ms'")
		if _, err := conn.Exec(t.Context(), statement); code(err) != "55P03" {
			t.Errorf("%s: %v", statement, err)
		}
	}
	const names = "SELECT string_agg(gid, ', ' ORDER BY gid) FROM pg_prepared_xacts WHERE database = 'postgres' AND owner = 'postgres'"
	kill := func() {
		t.Helper()
		if err := s.Restart(t.Context(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	wants(names, "commit me, copied, leave me, undo me", "SELECT string_agg(id || ':' || n, ',' ORDER BY id) FROM other", "1:1,2:2",
		"SELECT (to_regclass('made') IS NULL AND to_regclass('gone') IS NOT NULL)::text", "true")
	locked("SELECT * FROM money")
	locked("UPDATE other SET n = 9 WHERE id = 1")
	locked("INSERT INTO gone VALUES (1)")
	execute(t, conn, "COMMIT PREPARED 'copied'", "COMMIT PREPARED 'commit me'", "ROLLBACK PREPARED 'undo me'")
	for range 2 {
		wants(names, "leave me",
			"SELECT string_agg(id || ':' || n || coalesce(note, '-'), ',' ORDER BY id) FROM money", "1:11x,2:20x,4:40x",
			"SELECT count(*)::text || min(id) FROM many", "2999011", "SELECT id::text FROM many WHERE s = 'row 29999'", "29999",
			"SELECT count(*)::text FROM money WHERE n = 11", "1", "SELECT count(*)::text FROM money WHERE n = 30", "0",
			"SELECT string_agg(id || s, ',' ORDER BY id) FROM made", "1a,2b", "SELECT (to_regclass('gone') IS NULL)::text", "true", "SELECT obj_description('money'::regclass)", "later",
			"SELECT has_table_privilege('helper', 'made', 'select')::text", "true", "SELECT n::text FROM other WHERE id = 1", "1", "SELECT (nextval('made_id_seq') >= 3)::text", "true")
		locked("UPDATE other SET n = 9 WHERE id = 2")
		kill()
	}
	conn = connect(t, s)
	execute(t, conn, "COMMIT PREPARED 'leave me'")
	wants("SELECT n::text FROM other WHERE id = 2", "7", "SELECT count(*)::text FROM pg_prepared_xacts", "0")
}

// TestLongTransactionsAreWarnedOf leaves a transaction open: the log names its session once, pg_stat_activity tells its age, and idle_in_transaction_session_timeout ends it.
func TestLongTransactionsAreWarnedOf(t *testing.T) {
	s, err := server.Start(t.Context(), server.Options{Arguments: []string{"--long-transaction-warning=150ms"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	conn, watcher := connect(t, s), connect(t, s)
	execute(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM pg_class")
	warning := fmt.Sprintf("pid=%d", conn.PgConn().PID())
	count := func() (n int) {
		for _, line := range strings.Split(s.Log(), "\n") {
			if strings.Contains(line, "open for long") && strings.Contains(line, warning) {
				n++
			}
		}
		return n
	}
	for deadline := time.Now().Add(10 * time.Second); count() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no warning in:\n%s", s.Log())
		}
	}
	time.Sleep(300 * time.Millisecond)
	if n := count(); n != 1 {
		t.Errorf("%d warnings", n)
	}
	aged := answer(t, watcher, fmt.Sprintf("SELECT (now() - xact_start > '100ms' AND state = 'idle in transaction' AND wait_event = 'ClientRead')::text FROM pg_stat_activity WHERE pid = %d",
		conn.PgConn().PID()))
	if aged != "true" {
		t.Error("pg_stat_activity does not show it")
	}
	execute(t, conn, "SET idle_in_transaction_session_timeout = '50ms'")
	time.Sleep(200 * time.Millisecond)
	if _, err := conn.Exec(t.Context(), "SELECT 1"); code(err) != "25P03" {
		t.Errorf("after the timeout: %v", err)
	}
}
