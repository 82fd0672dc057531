package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	accounts = 20
	balance  = 1000
)

// accountTables are what the workers share.
var accountTables = []string{
	"CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)",
	fmt.Sprintf("INSERT INTO account SELECT i, %d FROM generate_series(0, %d) i", balance, accounts-1),
	"CREATE TABLE journal (worker int, entry int, moved int, PRIMARY KEY (worker, entry))",
	"CREATE INDEX account_balance ON account (balance)",
}

// transfer moves money between two accounts, in an order in which deadlocks happen, writes the journal, and draws a number.
func (w *Worker) transfer(ctx context.Context, conn *pgx.Conn) error {
	options := pgx.TxOptions{}
	if w.random.IntN(2) == 0 {
		options.IsoLevel = pgx.RepeatableRead
	}
	from, to, amount := w.random.IntN(accounts), w.random.IntN(accounts), 1+w.random.IntN(20)
	entry := w.journal + 1
	var number int64
	err := pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO journal VALUES ($1, $2, $3) ON CONFLICT (worker, entry) DO UPDATE SET moved = excluded.moved", w.id, entry, amount); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE account SET balance = balance - $2 WHERE id = $1", from, amount); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT nextval($1::text::regclass)", w.table+"_numbers").Scan(&number); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE account SET balance = balance + $2 WHERE id = $1", to, amount)
		return err
	})
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		w.Refused++
		if refused.Code != "40P01" && refused.Code != "40001" && !goingAway(refused.Code) {
			return surprise("worker %d: transfer: %v", w.id, refused)
		}
		return nil
	case err != nil:
		return errUnknown
	}
	w.Commits++
	if number <= w.number {
		return surprise("worker %d: its sequence gave %d after %d", w.id, number, w.number)
	}
	w.journal, w.number = entry, number
	return nil
}

// verifyNumbers looks that what was acknowledged of the journal is there, and that the sequence has not gone back.
func (w *Worker) verifyNumbers(ctx context.Context, conn *pgx.Conn) error {
	var count, last int
	if err := conn.QueryRow(ctx, "SELECT count(*), coalesce(max(entry), 0) FROM journal WHERE worker = $1", w.id).Scan(&count, &last); err != nil {
		return err
	}
	// The last entry may be there without having been acknowledged; the next transfer takes its place. What was committed asynchronously may be gone.
	if count != last || last > w.journal+1 || last < w.journal && !w.async {
		return fmt.Errorf("worker %d: the journal has %d entries up to %d, and %d were acknowledged", w.id, count, last, w.journal)
	}
	if w.async {
		w.journal, w.number = min(w.journal, last), 0
		return nil
	}
	var number int64
	if err := conn.QueryRow(ctx, "SELECT nextval($1::text::regclass)", w.table+"_numbers").Scan(&number); err != nil {
		return err
	}
	if number <= w.number {
		return fmt.Errorf("worker %d: the sequence gives %d after %d", w.id, number, w.number)
	}
	w.number = number
	return nil
}

// VerifyAccounts looks that no money was made or lost.
func VerifyAccounts(ctx context.Context, conn *pgx.Conn) error {
	var sum int
	if err := conn.QueryRow(ctx, "SELECT sum(balance) FROM account").Scan(&sum); err != nil {
		return err
	}
	if sum != accounts*balance {
		return fmt.Errorf("the accounts hold %d, not %d", sum, accounts*balance)
	}
	return nil
}
