package badinput

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/server"
)

// TestKilledWithLocks ends a client that holds row and table locks in a transaction: what it wrote is gone, and those who wait go on.
func TestKilledWithLocks(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS held", "CREATE TABLE held (id int PRIMARY KEY, n int)", "INSERT INTO held VALUES (1, 0), (2, 0), (3, 0)")
	holder := connect(t)
	execute(t, holder, "BEGIN", "UPDATE held SET n = 100 WHERE id = 1", "SELECT * FROM held WHERE id = 2 FOR UPDATE", "INSERT INTO held VALUES (4, 100)")
	waiting := make(chan error, 3)
	for _, statement := range []string{"UPDATE held SET n = n + 1 WHERE id = 1", "DELETE FROM held WHERE id = 2", "INSERT INTO held VALUES (4, 1)"} {
		waiter := connect(t)
		go func() {
			_, err := waiter.Exec(limited(t), statement)
			waiting <- err
		}()
	}
	select {
	case err := <-waiting:
		t.Fatalf("nobody may go on yet: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	_ = holder.PgConn().Conn().Close()
	for range 3 {
		select {
		case err := <-waiting:
			noError(t, err)
		case <-time.After(5 * time.Second):
			t.Fatal("the locks of a client that is gone are still held")
		}
	}
	if n := number(t, conn, "SELECT sum(10 * id + n) FROM held"); n != 10+1+30+40+1 {
		t.Errorf("got %d", n)
	}
	execute(t, conn, "DROP TABLE held")
}

// TestTerminated ends other sessions with pg_terminate_backend and pg_cancel_backend.
func TestTerminated(t *testing.T) {
	witness(t)
	conn, victim := connect(t), connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS ended", "CREATE TABLE ended (a int PRIMARY KEY)")
	execute(t, victim, "BEGIN", "INSERT INTO ended VALUES (1)")
	pid := victim.PgConn().PID()
	ended := make(chan error, 1)
	go func() { ended <- simple(t, victim, "SELECT pg_sleep(30)") }()
	time.Sleep(200 * time.Millisecond)
	execute(t, conn, fmt.Sprintf("SELECT pg_cancel_backend(%d)", pid))
	refused(t, <-ended, "57014")
	execute(t, victim, "ROLLBACK", "BEGIN", "INSERT INTO ended VALUES (1)")
	go func() { ended <- simple(t, victim, "SELECT pg_sleep(30)") }()
	time.Sleep(200 * time.Millisecond)
	execute(t, conn, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid))
	refused(t, <-ended, "57P01")
	execute(t, conn, "SET statement_timeout = '5s'", "INSERT INTO ended VALUES (1)")
	idle := connect(t)
	execute(t, conn, fmt.Sprintf("SELECT pg_terminate_backend(%d)", idle.PgConn().PID()))
	time.Sleep(200 * time.Millisecond)
	if err := simple(t, idle, "SELECT 1"); err == nil {
		t.Error("an idle session survives")
	}
	if n := number(t, conn, "SELECT pg_terminate_backend(2000000000)::int"); n != 0 {
		t.Error("nobody was ended")
	}
	execute(t, conn, "DROP TABLE ended")
}

func TestTimeouts(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS timed", "CREATE TABLE timed (a int PRIMARY KEY)", "INSERT INTO timed VALUES (1)")
	t.Run("statement_timeout", func(t *testing.T) {
		c := connect(t)
		execute(t, c, "SET statement_timeout = '100ms'")
		for _, query := range []string{"SELECT pg_sleep(10)", "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
			"SELECT 1; SELECT pg_sleep(10)"} {
			began := time.Now()
			err := simple(t, c, query)
			refused(t, err, "57014")
			if err != nil && !strings.Contains(err.Error(), "statement timeout") {
				t.Error(err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s: %v", query, took)
			}
		}
		execute(t, c, "SET statement_timeout = 0", "SELECT pg_sleep(0.15)")
	})
	t.Run("lock_timeout", func(t *testing.T) {
		execute(t, conn, "BEGIN", "UPDATE timed SET a = 2")
		c := connect(t)
		execute(t, c, "SET lock_timeout = '100ms'")
		refused(t, simple(t, c, "DELETE FROM timed"), "55P03")
		refused(t, simple(t, c, "DROP TABLE timed"), "55P03")
		refused(t, simple(t, c, "SELECT * FROM timed FOR UPDATE NOWAIT"), "55P03")
		execute(t, conn, "ROLLBACK")
	})
	t.Run("idle_in_transaction_session_timeout", func(t *testing.T) {
		c := connect(t)
		execute(t, c, "SET idle_in_transaction_session_timeout = '100ms'", "BEGIN", "UPDATE timed SET a = 3")
		time.Sleep(400 * time.Millisecond)
		if err := simple(t, c, "SELECT 1"); err == nil {
			t.Error("the session survives")
		}
		execute(t, conn, "SET lock_timeout = '1s'", "UPDATE timed SET a = 1")
	})
	t.Run("idle_session_timeout", func(t *testing.T) {
		c := connect(t)
		execute(t, c, "SET idle_session_timeout = '100ms'")
		time.Sleep(400 * time.Millisecond)
		if err := simple(t, c, "SELECT 1"); err == nil {
			t.Error("the session survives")
		}
	})
	if n := number(t, conn, "SELECT sum(a) FROM timed"); n != 1 {
		t.Errorf("got %d", n)
	}
	execute(t, conn, "DROP TABLE timed")
}

func TestTooManyConnections(t *testing.T) {
	s := kalampg(t, server.Options{Arguments: []string{"--max-connections", "8", "--http", "off"}})
	dsn := s.DSN("postgres")
	first := connectTo(t, dsn)
	execute(t, first, "CREATE ROLE plain LOGIN")
	plain := strings.Replace(dsn, "postgres@", "plain@", 1)
	var open []*pgx.Conn
	for range 4 {
		open = append(open, connectTo(t, plain))
	}
	_, err := pgx.Connect(limited(t), plain)
	refused(t, err, "53300")
	connectTo(t, dsn)
	connectTo(t, dsn)
	connectTo(t, dsn)
	_, err = pgx.Connect(limited(t), dsn)
	refused(t, err, "53300")
	noError(t, open[0].Close(limited(t)))
	deadline := time.Now().Add(5 * time.Second)
	for {
		c, err := pgx.Connect(limited(t), dsn)
		if err == nil {
			_ = c.Close(limited(t))
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a place that was freed stays taken: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	// A storm of clients that are refused or gone at once does no harm.
	var storm sync.WaitGroup
	for range 50 {
		storm.Go(func() {
			for range 10 {
				if c, err := pgx.Connect(context.Background(), dsn); err == nil {
					_ = c.PgConn().Conn().Close()
				}
			}
		})
	}
	storm.Wait()
	execute(t, first, "SELECT 1")
}

func TestPasswords(t *testing.T) {
	s := kalampg(t, server.Options{Environment: []string{"KALAMPG_PASSWORD=right"}, Arguments: []string{"--http", "off"}})
	with := func(user, password string) string {
		return strings.Replace(s.DSN("postgres"), "postgres@", user+":"+password+"@", 1)
	}
	conn, err := pgx.Connect(limited(t), with("postgres", "right"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(limited(t))
	execute(t, conn, "CREATE TABLE kept (a int)", "INSERT INTO kept VALUES (1)", "CREATE ROLE other LOGIN", "CREATE ROLE nologin PASSWORD 'x'")
	for _, c := range [][2]string{{"postgres", "wrong"}, {"postgres", ""}, {"nobody", "right"}, {"other", "x"}, {"postgres", strings.Repeat("p", 100000)}, {"postgres", "%FF%FE"}} {
		began := time.Now()
		_, err := pgx.Connect(limited(t), with(c[0], c[1]))
		refused(t, err, "28P01")
		t.Logf("%s: %v", c[0], time.Since(began))
	}
	_, err = pgx.Connect(limited(t), with("nologin", "x"))
	refused(t, err, "28000")
	_, err = pgx.Connect(limited(t), strings.Replace(with("postgres", "right"), "/postgres?", "/nowhere?", 1))
	refused(t, err, "3D000")
	if n := number(t, conn, "SELECT count(*) FROM kept"); n != 1 {
		t.Errorf("%d rows", n)
	}
}
