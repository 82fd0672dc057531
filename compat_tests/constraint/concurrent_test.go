package constraint

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/target"
)

var against = target.Flag()

const (
	parents = 12 // few, so that writers meet
	writers = 12
)

// expected are the errors that a writer may meet when it meets others.
var expected = map[string]bool{"23503": true, "23505": true, "40001": true, "40P01": true}

// TestNoOrphans has rows that refer inserted while the rows that they refer to are deleted and get other keys, by many connections at each isolation level: in the end every reference
// finds its row.
func TestNoOrphans(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	server, err := target.Start(ctx, *against)
	check(t, err)
	defer server.Stop()
	for i, level := range []string{"read committed", "repeatable read", "serializable"} {
		for j, options := range []string{"", "on delete cascade on update cascade", "on delete set null on update set null", "deferrable initially deferred"} {
			t.Run(fmt.Sprint(level, " ", options), func(t *testing.T) {
				c := &contest{t: t, ctx: ctx, dsn: server.DSN("postgres"), level: level, seed: uint64(i*10 + j)}
				c.run(options, j%2 == 0)
			})
		}
	}
}

// contest is one run of writers against each other.
type contest struct {
	t       *testing.T
	ctx     context.Context
	dsn     string
	level   string
	seed    uint64
	inserts atomic.Int64
	deletes atomic.Int64
	refused atomic.Int64
}

func (c *contest) run(options string, indexed bool) {
	conn, err := pgx.Connect(c.ctx, c.dsn)
	check(c.t, err)
	defer conn.Close(c.ctx)
	must(c.t, conn, "drop table if exists child, parent")
	must(c.t, conn, "create table parent (id int primary key, v int)")
	must(c.t, conn, "create table child (id bigint generated always as identity, pid int references parent "+options+")")
	if indexed {
		must(c.t, conn, "create index on child (pid)")
	}
	must(c.t, conn, "insert into parent select n, n from generate_series(1, 12) n")
	deadline := time.Now().Add(700 * time.Millisecond)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() { c.write(w, deadline) })
	}
	group.Wait()
	var orphans int
	check(c.t, conn.QueryRow(c.ctx, "select count(*) from child c where pid is not null and not exists (select 1 from parent p where p.id = c.pid)").Scan(&orphans))
	if orphans > 0 {
		c.t.Errorf("%d rows refer to rows that are gone", orphans)
	}
	if indexed { // what the index says is what the table says
		var whole, found int
		check(c.t, conn.QueryRow(c.ctx, "select count(*) from child where pid is not null").Scan(&whole))
		check(c.t, conn.QueryRow(c.ctx, "select coalesce(sum((select count(*) from child c where c.pid = p.id)), 0) from parent p").Scan(&found))
		if whole != found {
			c.t.Errorf("%d rows, %d by the index", whole, found)
		}
	}
	c.t.Logf("%d inserted, %d deleted, %d refused", c.inserts.Load(), c.deletes.Load(), c.refused.Load())
	if c.inserts.Load() == 0 || c.deletes.Load() == 0 {
		c.t.Error("nothing happened")
	}
}

func (c *contest) write(w int, deadline time.Time) {
	conn, err := pgx.Connect(c.ctx, c.dsn)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer conn.Close(c.ctx)
	if _, err := conn.Exec(c.ctx, "set default_transaction_isolation = '"+c.level+"'"); err != nil {
		c.t.Error(err)
		return
	}
	random := rand.New(rand.NewPCG(c.seed, uint64(w)))
	for time.Now().Before(deadline) {
		if err := c.transaction(conn, random, w); err != nil {
			var e *pgconn.PgError
			if !errors.As(err, &e) || !expected[e.Code] {
				c.t.Errorf("writer %d: %v", w, err)
				return
			}
			c.refused.Add(1)
		}
	}
}

// transaction is a few statements: half of the writers refer, the others take away what is referred to and bring it back.
func (c *contest) transaction(conn *pgx.Conn, random *rand.Rand, w int) error {
	tx, err := conn.Begin(c.ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(c.ctx)
	inserts, deletes := int64(0), int64(0)
	for range 1 + random.IntN(3) {
		id := 1 + random.IntN(parents)
		var tag pgconn.CommandTag
		switch {
		case w%2 == 0 && random.IntN(4) > 0:
			tag, err = tx.Exec(c.ctx, "insert into child (pid) values ($1), ($2)", id, 1+random.IntN(parents))
			inserts += tag.RowsAffected()
		case w%2 == 0:
			tag, err = tx.Exec(c.ctx, "update child set pid = $1 where pid = $2", id, 1+random.IntN(parents))
		case random.IntN(3) == 0:
			_, err = tx.Exec(c.ctx, "insert into parent values ($1, 0) on conflict do nothing", id)
		case random.IntN(4) == 0:
			_, err = tx.Exec(c.ctx, "update parent set id = $1 where id = $2", 1+random.IntN(parents), id)
		case random.IntN(4) == 0:
			_, err = tx.Exec(c.ctx, "delete from child where pid = $1", id)
		default:
			tag, err = tx.Exec(c.ctx, "delete from parent where id = $1", id)
			deletes += tag.RowsAffected()
		}
		if err != nil {
			return err
		}
	}
	if err := tx.Commit(c.ctx); err != nil {
		return err
	}
	c.inserts.Add(inserts)
	c.deletes.Add(deletes)
	return nil
}

// TestDeferredUnique has many connections give the same few values to a deferrable key: in the end each is there once.
func TestDeferredUnique(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := target.Start(ctx, *against)
	check(t, err)
	defer server.Stop()
	conn, err := pgx.Connect(ctx, server.DSN("postgres"))
	check(t, err)
	defer conn.Close(ctx)
	must(t, conn, "create table k (id int generated always as identity, v int unique deferrable initially deferred, x int, exclude using btree (x with =) deferrable)")
	deadline := time.Now().Add(time.Second)
	var group sync.WaitGroup
	var done atomic.Int64
	for w := range writers {
		group.Go(func() {
			conn, err := pgx.Connect(ctx, server.DSN("postgres"))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(ctx)
			random := rand.New(rand.NewPCG(77, uint64(w)))
			for time.Now().Before(deadline) {
				statement := fmt.Sprintf("insert into k (v, x) values (%d, %d), (%d, null)", random.IntN(40), random.IntN(40), random.IntN(40))
				switch random.IntN(4) {
				case 0:
					statement = fmt.Sprintf("update k set v = v + 1 where v < %d", random.IntN(40))
				case 1:
					statement = fmt.Sprintf("delete from k where v = %d or x = %d", random.IntN(40), random.IntN(40))
				}
				_, err := conn.Exec(ctx, statement)
				var e *pgconn.PgError
				switch {
				case err == nil:
					done.Add(1)
				case !errors.As(err, &e) || !expected[e.Code] && e.Code != "23P01":
					t.Errorf("%s: %v", statement, err)
					return
				}
			}
		})
	}
	group.Wait()
	for _, column := range []string{"v", "x"} {
		var twice int
		check(t, conn.QueryRow(ctx, "select count(*) from (select 1 from k where "+column+" is not null group by "+column+" having count(*) > 1) d").Scan(&twice))
		if twice > 0 {
			t.Errorf("%d values of %s come more than once", twice, column)
		}
	}
	if done.Load() == 0 {
		t.Error("nothing happened")
	}
}

func must(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
