package badinput

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/target"
)

// letters is a reader of n letters.
func letters(n int64) io.Reader { return io.LimitReader(repeated('x'), n) }

type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// TestResultsOfAGigabyte makes functions build values that are too large.
func TestResultsOfAGigabyte(t *testing.T) {
	witness(t)
	conn := connect(t)
	for query, codes := range map[string]string{
		"SELECT length(repeat('x', 1 << 30))":                                                                               "54000",
		"SELECT length(repeat('xy', 1 << 29))":                                                                              "54000",
		"SELECT length(repeat('x', 2147483647))":                                                                            "54000",
		"SELECT length(rpad('x', 1 << 30))":                                                                                 "54000",
		"SELECT length(lpad('x', 2147483647, 'é'))":                                                                         "54000",
		"SELECT length(string_agg(repeat('x', 1 << 20), ',')) FROM generate_series(1, 1100)":                                "54000",
		"SELECT length(replace(repeat('x', 1 << 20), 'x', repeat('y', 2000)))":                                              "54000",
		"SELECT length(repeat('x', 600000000) || repeat('y', 600000000))":                                                   "54000",
		"SELECT length(translate(repeat('x', 10), 'x', 'y')) + length(repeat('abc', 1 << 30))":                              "54000",
		"SELECT cardinality(array_fill(1, ARRAY[1 << 30]))":                                                                 "54000",
		"SELECT array_fill(0, ARRAY[100000, 100000]) IS NULL":                                                               "54000",
		"SELECT array_length(array_agg(repeat('x', 1 << 20)), 1) FROM generate_series(1, 1100)":                             "54000",
		"SELECT length(to_char(1, repeat('9', 1 << 20)))":                                                                   "22023 54000 42601 ?",
		"SELECT 10::numeric ^ 1000000":                                                                                      "22003",
		"SELECT length((10::numeric ^ 100000)::text)":                                                                       "",
		"SELECT factorial(1000000)":                                                                                         "22003",
		"SELECT length(format('%1000000000s%1000000000s', 'a', 'b'))":                                                       "54000",
		"SELECT count(*) FROM regexp_split_to_table(repeat('a', 1000000), '')":                                              "",
		"SELECT octet_length(decode(repeat('ab', 1 << 28), 'hex')) + octet_length(('\\x' || repeat('ab', 1 << 29))::bytea)": "54000",
		"SELECT length(overlay(repeat('x', 600000000) PLACING repeat('y', 600000000) FROM 1 FOR 0))":                        "54000",
		"SELECT repeat('x', 1 << 28)::char(10) = 'x'":                                                                       "",
		"SELECT 'x'::char(10485760) = 'x'":                                                                                  "",
		"SELECT 'x'::char(10485761) = 'x'":                                                                                  "22023",
	} {
		if strings.Contains(query, "00000000") && availableMB(t) < 8<<10 {
			t.Logf("skipped, as there is too little memory: %s", query)
			continue
		}
		began := time.Now()
		err := simple(t, conn, query)
		switch {
		case code(err) == "XX000" && *against == target.Reference && codes != "": // its allocator says no
		case codes == "" && err != nil:
			t.Errorf("%s: %v", query, err)
		case codes != "" && !strings.Contains(codes, "?"):
			if err == nil || !strings.Contains(codes, code(err)) {
				t.Errorf("%s: %v, want %s", query, err, codes)
			}
		}
		t.Logf("%6d ms %s: %v", time.Since(began).Milliseconds(), query, err)
		if conn.IsClosed() {
			t.Fatalf("%s: the connection is gone\n%s", query, end(running.Log()))
		}
	}
	t.Logf("memory %d MB", residentMB(t, running.PID()))
}

// TestLargeParameters stores values of many megabytes, and is refused where PostgreSQL refuses.
func TestLargeParameters(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS large", "CREATE TABLE large (id int PRIMARY KEY, v bytea)")
	value := []byte(strings.Repeat("x", 100<<20))
	_, err := conn.Exec(limited(t), "INSERT INTO large VALUES (1, $1)", value)
	noError(t, err)
	if n := number(t, conn, "SELECT octet_length(v) FROM large"); n != len(value) {
		t.Errorf("%d bytes", n)
	}
	execute(t, conn, "CREATE INDEX ON large (id)", "DROP TABLE large", "CREATE TABLE large (t text PRIMARY KEY)")
	_, err = conn.Exec(limited(t), "INSERT INTO large VALUES ($1)", strings.Repeat("abc", 1<<20))
	if err != nil {
		refused(t, err, "54000")
	}
	execute(t, conn, "DROP TABLE large")
}

// TestMessageOfAGigabyte announces a message of 1 GB and sends it: PostgreSQL takes messages up to that size and no more.
func TestMessageOfAGigabyte(t *testing.T) {
	if os.Getenv("KALAMPG_TEST_LARGE") == "" {
		t.Skip("it takes gigabytes of memory: set KALAMPG_TEST_LARGE=1")
	}
	witness(t)
	const size = 1 << 30
	for _, more := range []int64{-100, 100} {
		conn, front := session(t)
		noError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		length := size + more
		began := time.Now()
		_, err := conn.Write(frame('Q', uint32(length), "SELECT length('"))
		if err == nil {
			_, err = io.Copy(conn, letters(length-4-int64(len("SELECT length('')\x00"))))
		}
		if err == nil {
			_, err = conn.Write([]byte("')\x00"))
		}
		message, received := front.Receive()
		t.Logf("%d bytes: written with %v, answered after %v by %T %v; memory %d MB", length, err, time.Since(began), message, received, residentMB(t, running.PID()))
		_ = conn.Close()
	}
}

// TestCopyOfALongLine sends a COPY whose line never ends.
func TestCopyOfALongLine(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "CREATE TEMP TABLE line (a text)")
	tag, err := conn.PgConn().CopyFrom(limited(t), letters(200<<20), "COPY line FROM STDIN")
	noError(t, err)
	if n := number(t, conn, "SELECT length(a) FROM line"); n != 200<<20 || tag.RowsAffected() != 1 {
		t.Errorf("%d letters, %s", n, tag)
	}
}

// TestCopyKilled ends clients in the middle of a COPY, by closing the connection and by leaving it half open.
func TestCopyKilled(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS copied", "CREATE TABLE copied (a int PRIMARY KEY, b text)", "INSERT INTO copied VALUES (-1, 'before')")
	for _, reset := range []bool{false, true} {
		client, err := pgx.Connect(limited(t), running.DSN("postgres"))
		noError(t, err)
		reader, writer := io.Pipe()
		go func() {
			for i := range 20000 {
				if _, err := fmt.Fprintf(writer, "%d\tfifty letters that are of no use to anybody at all\n", i); err != nil {
					return
				}
			}
			if c, ok := client.PgConn().Conn().(interface{ SetLinger(int) error }); ok && reset {
				_ = c.SetLinger(0)
			}
			_ = client.PgConn().Conn().Close()
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
		}()
		if _, err := client.PgConn().CopyFrom(limited(t), reader, "COPY copied FROM STDIN"); err == nil {
			t.Error("the copy succeeded")
		}
		_ = client.Close(context.Background())
	}
	execute(t, conn, "SET statement_timeout = '5s'", "INSERT INTO copied VALUES (1, 'after')")
	if n := number(t, conn, "SELECT count(*) FROM copied"); n != 2 {
		t.Errorf("%d rows", n)
	}
	execute(t, conn, "DROP TABLE copied")
}
