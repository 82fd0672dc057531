package pgx_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/lib/pq"
)

// open returns database/sql on lib/pq, which speaks the text format only.
func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", running.DSN("postgres"))
	noError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestLibPQValues(t *testing.T) {
	db, ctx := open(t), limited(t)
	at := time.Date(2024, 2, 29, 10, 11, 12, 345678000, time.UTC)
	var (
		i     int64
		f     float64
		b     bool
		s     string
		by    []byte
		ts    time.Time
		null  sql.NullString
		array []int64
		names []string
	)
	err := db.QueryRowContext(ctx, `SELECT $1::int8, $2::float8, $3::bool, $4::text, $5::bytea, $6::timestamptz, $7::text, $8::int8[], $9::text[]`,
		int64(-7), 1.5, true, "é\n'", []byte{0, 255}, at, nil, pq.Array([]int64{1, 2}), pq.Array([]string{"a", `"b\`, ""})).
		Scan(&i, &f, &b, &s, &by, &ts, &null, pq.Array(&array), pq.Array(&names))
	noError(t, err)
	if i != -7 || f != 1.5 || !b || s != "é\n'" || !reflect.DeepEqual(by, []byte{0, 255}) || !ts.Equal(at) || null.Valid ||
		!reflect.DeepEqual(array, []int64{1, 2}) || !reflect.DeepEqual(names, []string{"a", `"b\`, ""}) {
		t.Error(i, f, b, s, by, ts, null, array, names)
	}
}

func TestLibPQStatementsAndTransactions(t *testing.T) {
	db, ctx := open(t), limited(t)
	for _, s := range []string{"DROP TABLE IF EXISTS libpq", "CREATE TABLE libpq (id serial PRIMARY KEY, name text UNIQUE, at date)"} {
		_, err := db.ExecContext(ctx, s)
		noError(t, err)
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO libpq (name, at) VALUES ($1, $2) RETURNING id")
	noError(t, err)
	defer insert.Close()
	var id int
	noError(t, insert.QueryRowContext(ctx, "one", "2024-01-01").Scan(&id))
	equal(t, "id", id, 1)

	err = insert.QueryRowContext(ctx, "one", nil).Scan(&id)
	var pqErr *pq.Error
	if !errors.As(err, &pqErr) || pqErr.Code != "23505" || pqErr.Constraint != "libpq_name_key" || pqErr.Table != "libpq" {
		t.Errorf("got %#v", err)
	}

	tx, err := db.BeginTx(ctx, nil)
	noError(t, err)
	_, err = tx.ExecContext(ctx, "INSERT INTO libpq (name) VALUES ('gone')")
	noError(t, err)
	noError(t, tx.Rollback())
	tx, err = db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	noError(t, err)
	_, err = tx.ExecContext(ctx, "DELETE FROM libpq")
	if !errors.As(err, &pqErr) || pqErr.Code != "25006" {
		t.Errorf("got %v", err)
	}
	noError(t, tx.Rollback())

	result, err := db.ExecContext(ctx, "UPDATE libpq SET at = at + 1 WHERE name = $1", "one")
	noError(t, err)
	affected, err := result.RowsAffected()
	noError(t, err)
	equal(t, "affected", affected, 1)
	var count int
	var at time.Time
	noError(t, db.QueryRowContext(ctx, "SELECT count(*), max(at) FROM libpq").Scan(&count, &at))
	equal(t, "count", count, 1)
	equal(t, "date", at.Format(time.DateOnly), "2024-01-02")
}

func TestLibPQCopyIn(t *testing.T) {
	db, ctx := open(t), limited(t)
	_, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS libpq_copy; CREATE TABLE libpq_copy (id int, name text)")
	noError(t, err)
	tx, err := db.BeginTx(ctx, nil)
	noError(t, err)
	statement, err := tx.PrepareContext(ctx, pq.CopyIn("libpq_copy", "id", "name"))
	noError(t, err)
	for i := range 1000 {
		_, err := statement.ExecContext(ctx, i, "tab\there")
		noError(t, err)
	}
	_, err = statement.ExecContext(ctx)
	noError(t, err)
	noError(t, statement.Close())
	noError(t, tx.Commit())
	var count int
	noError(t, db.QueryRowContext(ctx, "SELECT count(*) FROM libpq_copy WHERE name = E'tab\\there'").Scan(&count))
	equal(t, "count", count, 1000)
}

func TestLibPQCancel(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := db.ExecContext(ctx, "SELECT pg_sleep(30)"); err == nil {
		t.Error("the query was not cancelled")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("cancelled after %v", took)
	}
	noError(t, db.PingContext(t.Context()))
}
