package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Worker writes to a table of its own, and to the accounts.
type Worker struct {
	id     int
	table  string
	random *rand.Rand
	async  bool // commits without waiting for the disk

	state   State   // what is acknowledged
	pending *State  // what a commit without an answer would have made
	past    []State // of an asynchronous worker: the states since the last Verify
	number  int64   // the highest acknowledged value of the sequence
	journal int     // the last acknowledged entry of the journal

	Commits, Refused int
	Observe          func(time.Duration) // called with the time of each transaction, if set
}

// kinds are the tables that workers have in turn: %[1]s is the name.
var kinds = []string{
	"CREATE TABLE %[1]s (id int PRIMARY KEY, name text UNIQUE, n int NOT NULL CHECK (n >= 0), doc text)",
	"CREATE TABLE %[1]s (id int UNIQUE, name text, n int NOT NULL, doc text)",
	"CREATE USER TABLE %[1]s (id int PRIMARY KEY, name text UNIQUE, n int NOT NULL, doc text)",
	"CREATE TABLE %[1]s (name text, id int UNIQUE, n int NOT NULL, doc text, double int GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (name, id))",
}

// NewWorkers makes workers with their tables, and the accounts.
func NewWorkers(ctx context.Context, dsn string, count int, seed uint64) ([]*Worker, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	statements := append([]string(nil), accountTables...)
	var all []*Worker
	for i := range count {
		w := &Worker{id: i, table: fmt.Sprintf("w%d", i), random: rand.New(rand.NewPCG(seed, uint64(i))), async: i%8 == 7, state: State{map[int]Row{}, -1, 0}}
		if w.async {
			w.past = []State{w.state.clone()}
		}
		all = append(all, w)
		for _, s := range []string{kinds[i%len(kinds)], "CREATE INDEX %[1]s_n ON %[1]s (n DESC)", "CREATE INDEX %[1]s_some ON %[1]s (n, id) WHERE n > 500",
			"CREATE INDEX %[1]s_lower ON %[1]s (lower(name))", "CREATE SEQUENCE %[1]s_numbers",
			"CREATE TABLE %[1]s_bulk (id int PRIMARY KEY, v text)", "CREATE INDEX %[1]s_bulk_v ON %[1]s_bulk (v)"} {
			statements = append(statements, fmt.Sprintf(s, w.table))
		}
	}
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	return all, nil
}

// errUnknown says that a commit was sent and not answered.
var errUnknown = errors.New("the connection ended in a commit")

// Run writes until stop is done or the server goes away, which is no error; what the server should not have answered is one. A transaction that has begun is not
// interrupted: the model needs its answer.
func (w *Worker) Run(stop context.Context, dsn string) error {
	ctx := context.WithoutCancel(stop)
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil
	}
	defer conn.Close(context.Background())
	if w.async {
		if _, err := conn.Exec(ctx, "SET synchronous_commit = off"); err != nil {
			return nil
		}
	}
	for stop.Err() == nil {
		begin := time.Now()
		if w.random.IntN(6) == 0 {
			err = w.transfer(ctx, conn)
		} else {
			err = w.transaction(ctx, conn)
		}
		if err == nil && w.Observe != nil {
			w.Observe(time.Since(begin))
		}
		var refused *unexpected
		if errors.As(err, &refused) {
			return err
		}
		if err != nil || conn.IsClosed() {
			return nil
		}
	}
	return nil
}

// unexpected is an answer that the server should not give.
type unexpected struct{ text string }

func (u *unexpected) Error() string { return u.text }

func surprise(format string, args ...any) error { return &unexpected{fmt.Sprintf(format, args...)} }

// transaction changes the table once, in one of the ways in which clients send transactions.
func (w *Worker) transaction(ctx context.Context, conn *pgx.Conn) error {
	next := w.state.clone()
	var list []change
	fails := ""
	for range 1 + w.random.IntN(1+w.random.IntN(5)) {
		c := randomChange(w.random, w.table, &next)
		list = append(list, c)
		if fails = c.fails; fails != "" {
			break
		}
		if c.apply != nil {
			c.apply(&next)
		}
	}
	// Copies and several statements in one text go by explicit transactions.
	plain := true
	for _, c := range list {
		plain = plain && c.copy == "" && !strings.Contains(c.sql, ";")
	}
	var err error
	undone := false
	w.pending = &next
	switch way := w.random.IntN(5); {
	case plain && way == 0:
		err = w.oneQuery(ctx, conn, list)
	case plain && way == 1:
		err = w.batch(ctx, conn, list)
	case plain && len(list) == 1:
		_, err = conn.Exec(ctx, list[0].sql, list[0].args...)
	default:
		undone, err = w.block(ctx, conn, list)
	}
	return w.settle(next, fails, undone, err)
}

// settle moves the model on according to the outcome.
func (w *Worker) settle(next State, fails string, undone bool, err error) error {
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		w.pending = nil
		w.Refused++
		if refused.Code != fails && !goingAway(refused.Code) {
			return surprise("worker %d: %v", w.id, refused)
		}
		return nil
	case err != nil:
		return errUnknown // pending stays
	case fails != "":
		return surprise("worker %d: what should end with %s succeeded", w.id, fails)
	}
	w.pending = nil
	if undone {
		return nil
	}
	w.Commits++
	w.state = next
	if w.async {
		w.past = append(w.past, next)
	}
	return nil
}

// goingAway tells the codes of a server that stops.
func goingAway(code string) bool { return code == "57P01" || code == "57P03" || code == "57014" }

// oneQuery sends all in one text, which is one transaction.
func (w *Worker) oneQuery(ctx context.Context, conn *pgx.Conn, list []change) error {
	var texts []string
	for _, c := range list {
		texts = append(texts, c.inlined())
	}
	_, err := conn.PgConn().Exec(ctx, strings.Join(texts, "; ")).ReadAll()
	return err
}

// batch sends all in one go of the extended protocol, which is one transaction.
func (w *Worker) batch(ctx context.Context, conn *pgx.Conn, list []change) error {
	b := &pgx.Batch{}
	for _, c := range list {
		b.Queue(c.sql, c.args...)
	}
	return conn.SendBatch(ctx, b).Close()
}

// block sends one after the other between BEGIN and COMMIT. Now and then what comes after a savepoint is undone first and done again, or all of it is.
func (w *Worker) block(ctx context.Context, conn *pgx.Conn, list []change) (undone bool, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback(context.Background())
		}
	}()
	for _, c := range list {
		if w.random.IntN(8) == 0 && c.fails == "" {
			if _, err = tx.Exec(ctx, "SAVEPOINT s"); err != nil {
				return false, err
			}
			if err = run(ctx, tx, c); err != nil {
				return false, err
			}
			if _, err = tx.Exec(ctx, "ROLLBACK TO s"); err != nil {
				return false, err
			}
		}
		if err = run(ctx, tx, c); err != nil {
			return false, err
		}
	}
	if w.random.IntN(8) == 0 {
		return true, tx.Rollback(ctx)
	}
	return false, tx.Commit(ctx)
}

func run(ctx context.Context, tx pgx.Tx, c change) error {
	if c.copy != "" {
		_, err := tx.Conn().PgConn().CopyFrom(ctx, strings.NewReader(c.copy), c.sql)
		return err
	}
	_, err := tx.Exec(ctx, c.sql, c.args...)
	return err
}

// Verify compares the table with the model, after which it stands for the model.
func (w *Worker) Verify(ctx context.Context, conn *pgx.Conn) error {
	got, err := w.read(ctx, conn)
	if err != nil {
		return fmt.Errorf("worker %d: %w", w.id, err)
	}
	possible := []State{w.state}
	if w.pending != nil {
		possible = append(possible, *w.pending)
	}
	possible = append(possible, w.past...)
	for _, s := range possible {
		if s.equal(got) {
			w.state, w.pending, w.past = s, nil, nil
			if w.async {
				w.past = []State{s}
			}
			return w.verifyNumbers(ctx, conn)
		}
	}
	text := fmt.Sprintf("worker %d: table %s is in a state that it never was in: beside what was acknowledged, %s", w.id, w.table, w.state.differences(got))
	if w.pending != nil {
		text += "\n  beside the commit without an answer, " + w.pending.differences(got)
	}
	return errors.New(text)
}

func (w *Worker) read(ctx context.Context, conn *pgx.Conn) (State, error) {
	got := State{map[int]Row{}, -1, 0}
	if err := conn.QueryRow(ctx, "SELECT count(*) - 1 FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = 'extra'", w.table).Scan(&got.Extra); err != nil {
		return got, err
	}
	if got.Extra == 0 {
		// The default is the value that all rows have.
		var text string
		err := conn.QueryRow(ctx, "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE attname = 'extra' AND adrelid = $1::text::regclass", w.table).Scan(&text)
		if err != nil {
			return got, err
		}
		if _, err := fmt.Sscan(text, &got.Extra); err != nil {
			return got, err
		}
		var wrong int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+w.table+" WHERE extra IS DISTINCT FROM "+text).Scan(&wrong); err != nil {
			return got, err
		}
		if wrong > 0 {
			return got, fmt.Errorf("%d rows of %s lack the value %s of the column extra", wrong, w.table, text)
		}
	}
	var good, last int
	if err := conn.QueryRow(ctx, "SELECT count(*), count(*) FILTER (WHERE v = md5(id::text)), coalesce(max(id), 0) FROM "+w.table+"_bulk").Scan(&got.Bulk, &good, &last); err != nil {
		return got, err
	}
	if good != got.Bulk || last != got.Bulk {
		return got, fmt.Errorf("%s_bulk has %d rows, %d of them good, up to %d", w.table, got.Bulk, good, last)
	}
	rows, err := conn.Query(ctx, "SELECT id, name, n, doc FROM "+w.table)
	if err != nil {
		return got, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var row Row
		if err := rows.Scan(&id, &row.Name, &row.N, &row.Doc); err != nil {
			return got, err
		}
		if _, twice := got.Rows[id]; twice {
			return got, fmt.Errorf("row %d of %s is there twice", id, w.table)
		}
		got.Rows[id] = row
	}
	return got, rows.Err()
}
