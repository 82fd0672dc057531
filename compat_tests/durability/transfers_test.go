package durability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	accounts = 50
	balance  = 1000
	movers   = 16
)

// mover transfers money between accounts over one connection after another, in the ways that applications do.
type mover struct {
	id           int
	dsn          string
	random       *rand.Rand
	acknowledged []int // transfers whose COMMIT was answered
	next         int
	retries      map[string]int // by SQLSTATE
}

// run transfers until ctx ends or the server goes away.
func (m *mover) run(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, m.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for ctx.Err() == nil {
		m.next++
		for {
			err := m.transfer(ctx, conn, m.next)
			if err == nil {
				m.acknowledged = append(m.acknowledged, m.next)
				break
			}
			c := code(err)
			if c != pgDeadlock && c != pgSerialization {
				return err
			}
			m.retries[c]++
		}
	}
	return nil
}

const (
	pgDeadlock      = "40P01"
	pgSerialization = "40001"
)

// transfer is one transaction: the transfer is written into a journal, and the two accounts change in random order, so that deadlocks happen.
func (m *mover) transfer(ctx context.Context, conn *pgx.Conn, n int) (err error) {
	options := pgx.TxOptions{}
	if m.random.IntN(2) == 0 {
		options.IsoLevel = pgx.RepeatableRead
	}
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback(context.Background())
		}
	}()
	from, to, amount := m.random.IntN(accounts), m.random.IntN(accounts), 1+m.random.IntN(20)
	if _, err = tx.Exec(ctx, "INSERT INTO journal VALUES ($1, $2, $3, $4, $5)", m.id, n, from, to, amount); err != nil {
		return err
	}
	if m.random.IntN(3) == 0 {
		if err = m.regret(ctx, tx); err != nil {
			return err
		}
	}
	changes := []change{{from, -amount}, {to, amount}}
	m.random.Shuffle(2, func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for _, c := range changes {
		if err = m.apply(ctx, tx, c); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

type change struct{ account, amount int }

// apply changes an account by an UPDATE that counts, or by reading it under a lock first.
func (m *mover) apply(ctx context.Context, tx pgx.Tx, c change) (err error) {
	if m.random.IntN(2) == 0 {
		_, err = tx.Exec(ctx, "UPDATE account SET balance = balance + $2 WHERE id = $1", c.account, c.amount)
		return err
	}
	var has int
	if err = tx.QueryRow(ctx, "SELECT balance FROM account WHERE id = $1 FOR UPDATE", c.account).Scan(&has); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE account SET balance = $2 WHERE id = $1", c.account, has+c.amount)
	return err
}

// regret changes an account after a savepoint and goes back to it, sometimes because of an error.
func (m *mover) regret(ctx context.Context, tx pgx.Tx) error {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	if err := m.apply(ctx, inner, change{m.random.IntN(accounts), 1000000}); err != nil {
		return err
	}
	if m.random.IntN(2) == 0 {
		if _, err := inner.Exec(ctx, "INSERT INTO account VALUES ($1, 1)", m.random.IntN(accounts)); code(err) != "23505" {
			return fmt.Errorf("a second account of the same number: %w", err)
		}
	}
	return inner.Rollback(ctx)
}

// TestTransfers lets many connections transfer money at once, and kills the server in the middle: no money appears or is lost, accounts agree with the journal, and every
// acknowledged transfer is in it.
func TestTransfers(t *testing.T) {
	s := start(t)
	conn := connect(t, s)
	execute(t, conn, "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)",
		fmt.Sprintf("INSERT INTO account SELECT g, %d FROM generate_series(0, %d) g", balance, accounts-1),
		"CREATE TABLE journal (mover int, n int, source int, target int, amount int, PRIMARY KEY (mover, n))")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	all := make([]*mover, movers)
	for i := range all {
		all[i] = &mover{id: i, dsn: s.DSN("postgres"), random: rand.New(rand.NewPCG(seed, uint64(i))), retries: map[string]int{}}
	}
	for _, kill := range []bool{false, true, true} {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		var group sync.WaitGroup
		for _, m := range all {
			group.Go(func() {
				if err := m.run(ctx); err != nil && ctx.Err() == nil && !kill {
					t.Errorf("mover %d: %v", m.id, err)
				}
			})
		}
		if kill {
			time.Sleep(time.Second)
			if err := s.Restart(t.Context(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		group.Wait()
		cancel()
		conn = connect(t, s)
		checkAccounts(t, conn, all)
		t.Logf("after %v, killed: %v", time.Since(began).Round(time.Millisecond), kill)
	}
	retries, done := map[string]int{}, 0
	for _, m := range all {
		done += len(m.acknowledged)
		for c, n := range m.retries {
			retries[c] += n
		}
	}
	t.Logf("%d transfers, repeated: %v", done, retries)
}

func checkAccounts(t *testing.T, conn *pgx.Conn, all []*mover) {
	t.Helper()
	if got, want := answer(t, conn, "SELECT sum(balance)::text FROM account"), fmt.Sprint(accounts*balance); got != want {
		t.Errorf("there is %s of %s", got, want)
	}
	wrong := answer(t, conn, `SELECT count(*)::text FROM account a WHERE balance <> 1000
		- coalesce((SELECT sum(amount) FROM journal WHERE source = a.id), 0) + coalesce((SELECT sum(amount) FROM journal WHERE target = a.id), 0)`)
	if wrong != "0" {
		t.Errorf("%s accounts disagree with the journal", wrong)
	}
	for _, m := range all {
		rows, err := conn.Query(t.Context(), "SELECT n FROM journal WHERE mover = $1", m.id)
		if err != nil {
			t.Fatal(err)
		}
		written, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			t.Fatal(err)
		}
		there := make(map[int]bool, len(written))
		for _, n := range written {
			there[n] = true
			m.next = max(m.next, n)
		}
		for _, n := range m.acknowledged {
			if !there[n] {
				t.Errorf("transfer %d of mover %d was acknowledged and is lost", n, m.id)
			}
		}
	}
}
