package badinput

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// unsupported tells a feature that a server may not have yet.
const unsupported = "0A000"

// promptly is how soon a cancelled statement should end on a machine that has other things to do as well.
const promptly = 500 * time.Millisecond

// cancel runs a statement, cancels it after a while and returns how long it took from then on to its error.
func cancel(t *testing.T, conn *pgx.Conn, run func() error) time.Duration {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- run() }()
	select {
	case err := <-ended:
		if code(err) == unsupported {
			t.Skip(err)
		}
		t.Errorf("it ended before it was cancelled: %v", err)
		return 0
	case <-time.After(300 * time.Millisecond):
	}
	began := time.Now()
	noError(t, conn.PgConn().CancelRequest(limited(t)))
	select {
	case err := <-ended:
		refused(t, err, "57014")
	case <-time.After(20 * time.Second):
		t.Fatal("it is not cancelled after 20 seconds")
	}
	return time.Since(began)
}

func TestCancel(t *testing.T) {
	witness(t)
	setup := connect(t)
	execute(t, setup, "DROP TABLE IF EXISTS busy", "CREATE TABLE busy (id int PRIMARY KEY, b int, c text)",
		"INSERT INTO busy SELECT g, g % 1000, md5(g::text) FROM generate_series(1, 200000) g")
	for name, query := range map[string]string{
		"sort":               "SELECT * FROM generate_series(1, 20000000) g ORDER BY -g LIMIT 1",
		"sort of a table":    "SELECT a.c || b.c FROM busy a, generate_series(1, 50) g, busy b WHERE b.id = g ORDER BY 1 LIMIT 1",
		"nested loop":        "SELECT count(*) FROM busy a JOIN busy b ON a.id < b.id AND a.c > b.c",
		"hash join":          "SELECT count(*) FROM busy a JOIN busy b ON a.b = b.b JOIN busy c ON b.b = c.b",
		"cross join":         "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
		"group by":           "SELECT count(*) FROM (SELECT g FROM generate_series(1, 50000000) g GROUP BY g) s",
		"distinct":           "SELECT count(DISTINCT g) FROM generate_series(1, 50000000) g",
		"recursive":          "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
		"materialised":       "WITH m AS MATERIALIZED (SELECT a.id FROM busy a, busy b) SELECT count(*) FROM m",
		"sub-select":         "SELECT count(*) FROM busy a WHERE (SELECT count(*) FROM busy b WHERE b.c < a.c) > 0",
		"window":             "SELECT sum(x) FROM (SELECT row_number() OVER (ORDER BY g) x FROM generate_series(1, 50000000) g) s",
		"set operation":      "SELECT count(*) FROM (SELECT g FROM generate_series(1, 50000000) g EXCEPT SELECT g FROM generate_series(1, 50000000) g) s",
		"aggregate":          "SELECT length(string_agg(a.c, ',')) FROM busy a, generate_series(1, 1000000)",
		"regular expression": "SELECT count(*) FROM generate_series(1, 100000000) g WHERE repeat('a', 1000) ~ ('(a|aa)+b' || g)",
		"update":             "UPDATE busy SET b = b + (SELECT count(*) FROM busy b WHERE b.id < 3000)",
		"insert":             "INSERT INTO busy SELECT g + 1000000, g, 'x' FROM generate_series(1, 50000000) g",
		"delete":             "DELETE FROM busy a USING busy b WHERE a.id < b.id AND a.c > b.c AND a.b < -b.b",
		"filter":             "SELECT * FROM generate_series(1, 1000000000) g WHERE g < 0",
		"sleep":              "SELECT pg_sleep(60)",
		"create table as":    "CREATE TABLE busy2 AS SELECT g FROM generate_series(1, 100000000) g",
		"offset":             "SELECT g FROM generate_series(1, 1000000000) g OFFSET 999999999",
		"generated arrays":   "SELECT array_agg(g) FROM generate_series(1, 100000000) g",
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t)
			took := cancel(t, conn, func() error { return simple(t, conn, query) })
			t.Logf("%v", took.Round(time.Millisecond))
			if took > promptly {
				t.Errorf("%s: it took %v to cancel", query, took)
			}
			noError(t, conn.Ping(limited(t)))
		})
	}
	// A COPY that waits for its client takes note of the cancellation with the next message, as in PostgreSQL.
	t.Run("COPY in that waits", func(t *testing.T) {
		conn := connect(t)
		reader, writer := io.Pipe()
		go func() {
			fmt.Fprintln(writer, "-1\t1\tx")
			time.Sleep(500 * time.Millisecond)
			fmt.Fprintln(writer, "-2\t1\tx")
			_ = writer.Close()
		}()
		took := cancel(t, conn, func() error {
			_, err := conn.PgConn().CopyFrom(limited(t), reader, "COPY busy FROM STDIN")
			return err
		})
		t.Log(took)
		if took > promptly+200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		noError(t, conn.Ping(limited(t)))
	})
	t.Run("COPY in that flows", func(t *testing.T) {
		conn := connect(t)
		took := cancel(t, conn, func() error {
			_, err := conn.PgConn().CopyFrom(limited(t), &rows{}, "COPY busy FROM STDIN")
			return err
		})
		t.Log(took)
		if took > promptly {
			t.Errorf("it took %v", took)
		}
		noError(t, conn.Ping(limited(t)))
	})
	t.Run("COPY out", func(t *testing.T) {
		conn := connect(t)
		took := cancel(t, conn, func() error {
			_, err := conn.PgConn().CopyTo(limited(t), io.Discard, "COPY (SELECT * FROM busy a, busy b) TO STDOUT")
			return err
		})
		t.Log(took)
		if took > promptly {
			t.Errorf("it took %v", took)
		}
		noError(t, conn.Ping(limited(t)))
	})
	t.Run("lock waits", func(t *testing.T) {
		holder := connect(t)
		execute(t, holder, "BEGIN", "UPDATE busy SET b = 0 WHERE id = 1")
		for _, query := range []string{"UPDATE busy SET b = 1 WHERE id = 1", "DROP TABLE busy", "SELECT * FROM busy WHERE id = 1 FOR SHARE", "LOCK TABLE busy"} {
			conn := connect(t)
			took := cancel(t, conn, func() error { return simple(t, conn, "BEGIN; "+query) })
			t.Logf("%s: %v", query, took)
			if took > promptly {
				t.Errorf("%s: it took %v", query, took)
			}
			execute(t, conn, "ROLLBACK")
		}
		execute(t, holder, "COMMIT")
	})
	if n := number(t, setup, "SELECT count(*) FROM busy"); n != 200000 {
		t.Errorf("a cancelled statement left its work: %d rows", n)
	}
	execute(t, setup, "DROP TABLE busy")
}

// rows is an endless stream for COPY.
type rows struct {
	n    int
	rest []byte
}

func (r *rows) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		for range 100 {
			r.n++
			r.rest = fmt.Appendf(r.rest, "%d\t1\tx\n", r.n+1000000)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
