package history

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// workload is what clients do.
type workload struct {
	dsn    string
	level  Level
	table  string
	window func() int // the first of the lists in use now

	ids     atomic.Int64 // of transactions and elements
	mu      sync.Mutex
	history []*Txn
	retries map[string]int // by SQLSTATE
}

// hot is how many lists are in use at a time.
const hot = 6

// client runs transactions until stop is closed, over new connections when the server goes away.
func (w *workload) client(ctx context.Context, seed uint64, stop <-chan struct{}) {
	random := rand.New(rand.NewPCG(seed, 1))
	var conn *pgconn.PgConn
	defer func() {
		if conn != nil {
			_ = conn.Close(context.Background())
		}
	}()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		default:
		}
		if conn == nil || conn.IsClosed() {
			var err error
			if conn, err = pgconn.Connect(ctx, w.dsn); err != nil {
				conn = nil
				time.Sleep(5 * time.Millisecond)
				continue
			}
		}
		t := &Txn{ID: int(w.ids.Add(1)), Outcome: Aborted}
		err := w.run(ctx, conn, random, t)
		var server *pgconn.PgError
		w.mu.Lock()
		w.history = append(w.history, t)
		if errors.As(err, &server) {
			w.retries[server.Code]++
		}
		w.mu.Unlock()
		if err != nil {
			if _, err := w.exec(ctx, conn, "ROLLBACK"); err != nil {
				_ = conn.Close(context.Background())
			}
		}
	}
}

// run is one transaction.
func (w *workload) run(ctx context.Context, conn *pgconn.PgConn, random *rand.Rand, t *Txn) error {
	readOnly := random.IntN(7) == 0
	begin := "BEGIN ISOLATION LEVEL " + string(w.level)
	if readOnly {
		begin += " READ ONLY"
	}
	if _, err := w.exec(ctx, conn, begin); err != nil {
		return err
	}
	for range 2 + random.IntN(4) {
		if err := w.step(ctx, conn, random, t, readOnly); err != nil {
			return err
		}
	}
	if random.IntN(12) == 0 {
		_, err := w.exec(ctx, conn, "ROLLBACK")
		return err
	}
	_, err := w.exec(ctx, conn, "COMMIT")
	var server *pgconn.PgError
	switch {
	case err == nil:
		t.Outcome = Committed
	case !errors.As(err, &server) || strings.HasPrefix(server.Code, "57"):
		t.Outcome = Unknown
	}
	return err
}

func (w *workload) step(ctx context.Context, conn *pgconn.PgConn, random *rand.Rand, t *Txn, readOnly bool) error {
	first := w.window()
	key := first + random.IntN(hot)
	switch n := random.IntN(20); {
	case n < 9 && !readOnly:
		x := int(w.ids.Add(1))
		undone := n == 0
		t.Ops = append(t.Ops, Op{Key: key, Append: x, Undone: undone})
		if undone {
			if _, err := w.exec(ctx, conn, "SAVEPOINT s"); err != nil {
				return err
			}
		}
		if _, err := w.exec(ctx, conn, fmt.Sprintf("INSERT INTO %s AS l VALUES (%d, '{%d}') ON CONFLICT (k) DO UPDATE SET v = l.v || excluded.v", w.table, key, x)); err != nil {
			return err
		}
		if undone {
			_, err := w.exec(ctx, conn, "ROLLBACK TO s")
			return err
		}
		return nil
	case n < 11:
		last := key + random.IntN(3)
		return w.read(ctx, conn, t, key, last, fmt.Sprintf("SELECT k, v FROM %s WHERE k BETWEEN %d AND %d", w.table, key, last))
	default:
		return w.read(ctx, conn, t, key, key, fmt.Sprintf("SELECT k, v FROM %s WHERE k = %d", w.table, key))
	}
}

// read notes what a query gave of the lists from first to last.
func (w *workload) read(ctx context.Context, conn *pgconn.PgConn, t *Txn, first, last int, query string) error {
	rows, err := w.exec(ctx, conn, query)
	if err != nil {
		return err
	}
	lists, err := parse(rows)
	if err != nil {
		return err
	}
	for k := first; k <= last; k++ {
		t.Ops = append(t.Ops, Op{Key: k, Read: lists[k]})
	}
	return nil
}

func parse(rows [][][]byte) (map[int][]int, error) {
	lists := map[int][]int{}
	for _, row := range rows {
		key, err := strconv.Atoi(string(row[0]))
		if err != nil {
			return nil, err
		}
		for _, x := range strings.Split(strings.Trim(string(row[1]), "{}"), ",") {
			n, err := strconv.Atoi(x)
			if err != nil {
				return nil, err
			}
			lists[key] = append(lists[key], n)
		}
	}
	return lists, nil
}

func (w *workload) exec(ctx context.Context, conn *pgconn.PgConn, text string) ([][][]byte, error) {
	results, err := conn.Exec(ctx, text).ReadAll()
	if err != nil {
		return nil, err
	}
	return results[0].Rows, nil
}
