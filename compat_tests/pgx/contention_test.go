package pgx_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestContention increments rows from many connections; no increment may be lost.
func TestContention(t *testing.T) {
	ctx := limited(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS counter", "CREATE TABLE counter (id int PRIMARY KEY, n int)",
		"INSERT INTO counter VALUES (1, 0), (2, 0), (3, 0)")
	const workers, rounds = 10, 30
	var group sync.WaitGroup
	for range workers {
		worker := connect(t)
		group.Go(func() {
			for range rounds {
				if err := increment(ctx, worker); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	var update, locked, upsert int
	noError(t, conn.QueryRow(ctx, `SELECT (SELECT n FROM counter WHERE id = 1), (SELECT n FROM counter WHERE id = 2),
		(SELECT n FROM counter WHERE id = 3)`).Scan(&update, &locked, &upsert))
	equal(t, "UPDATE", update, workers*rounds)
	equal(t, "SELECT FOR UPDATE", locked, workers*rounds)
	equal(t, "ON CONFLICT DO UPDATE", upsert, workers*rounds)
}

// increment adds one to each row, by each of the ways that must not lose an update.
func increment(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "UPDATE counter SET n = n + 1 WHERE id = 1"); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, "SELECT n FROM counter WHERE id = 2 FOR UPDATE").Scan(&n); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE counter SET n = $1 WHERE id = 2", n+1)
		return err
	})
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "INSERT INTO counter VALUES (3, 1) ON CONFLICT (id) DO UPDATE SET n = counter.n + excluded.n")
	return err
}
