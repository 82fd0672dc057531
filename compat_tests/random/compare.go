package random

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// answerer is one server in one way of running.
type answerer struct {
	name string
	dsn  string
	set  []string // settings of each connection
	conn *pgconn.PgConn
	time time.Duration // spent on answers
}

// answer is the rows of a query, sorted as text, or its SQLSTATE.
type answer struct {
	rows []string
	err  string
}

func (a answer) equal(b answer) bool { return a.err == b.err && slices.Equal(a.rows, b.rows) }

func (a answer) String() string {
	if a.err != "" {
		return "error " + a.err
	}
	shown := a.rows
	if len(shown) > 20 {
		shown = append(slices.Clone(shown[:20]), "…")
	}
	return fmt.Sprintf("%d rows\n    %s", len(a.rows), strings.Join(shown, "\n    "))
}

// slow ends a query; one that runs out of time has no answer and is not compared.
const slow = 400 * time.Millisecond

const timeout = "57014"

func (x *answerer) ask(ctx context.Context, sql string) answer {
	ctx, cancel := context.WithTimeout(ctx, 100*slow)
	defer cancel()
	var a answer
	began := time.Now()
	defer func() { x.time += time.Since(began) }()
	if x.conn == nil || x.conn.IsClosed() { // a finding of before ended it
		if err := x.connect(ctx); err != nil {
			a.err = err.Error()
			return a
		}
	}
	results, err := x.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		if e, ok := err.(*pgconn.PgError); ok {
			a.err = e.Code + " " + e.Message
			return a
		}
		a.err = err.Error()
		return a
	}
	for _, r := range results {
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, c := range row {
				cells[i] = "NULL"
				if c != nil {
					cells[i] = fmt.Sprintf("%q", c)
				}
			}
			a.rows = append(a.rows, strings.Join(cells, " "))
		}
	}
	slices.Sort(a.rows)
	return a
}

// connect makes the connection, anew after one that was lost.
func (x *answerer) connect(ctx context.Context) error {
	conn, err := pgconn.Connect(ctx, x.dsn)
	if err != nil {
		return err
	}
	x.conn = conn
	for _, s := range x.set {
		if _, err := conn.Exec(ctx, s).ReadAll(); err != nil {
			return err
		}
	}
	return nil
}

// differ asks all and gives their answers when they are not the same.
func differ(ctx context.Context, all []*answerer, sql string) ([]answer, bool) {
	answers := make([]answer, len(all))
	different := false
	for i, x := range all {
		answers[i] = x.ask(ctx, sql)
		if strings.HasPrefix(answers[i].err, timeout) {
			return nil, false
		}
		different = different || !answers[i].equal(answers[0])
	}
	return answers, different
}
