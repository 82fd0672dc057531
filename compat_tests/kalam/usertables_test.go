// Package kalam tests what goes beyond PostgreSQL as its users meet it: user and stream tables through an ordinary driver.
package kalam

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/server"
)

var dsn string

func TestMain(m *testing.M) {
	s, err := server.Start(context.Background(), server.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dsn = s.DSN("postgres")
	code := func() int {
		defer s.Stop()
		admin, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer admin.Close(context.Background())
		for _, sql := range []string{"CREATE ROLE alice LOGIN", "CREATE ROLE bob LOGIN", "CREATE ROLE pool LOGIN", "CREATE ROLE kalam_impersonate", "GRANT kalam_impersonate TO pool",
			"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC"} {
			if _, err := admin.Exec(context.Background(), sql); err != nil {
				fmt.Fprintln(os.Stderr, sql, err)
				return 1
			}
		}
		return m.Run()
	}()
	os.Exit(code)
}

type client struct {
	t *testing.T
	*pgx.Conn
}

// as connects as a role.
func as(t *testing.T, role string) client {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.User = role
	c, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return client{t, c}
}

func (c client) do(sql string, args ...any) {
	c.t.Helper()
	if _, err := c.Exec(context.Background(), sql, args...); err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
}

// fails runs sql, which must fail with a SQLSTATE.
func (c client) fails(code, sql string, args ...any) {
	c.t.Helper()
	_, err := c.Exec(context.Background(), sql, args...)
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != code {
		c.t.Fatalf("%s: got %v, want SQLSTATE %s", sql, err, code)
	}
}

// shows runs sql and compares its rows, values joined by spaces and rows by bars.
func (c client) shows(want, sql string, args ...any) {
	c.t.Helper()
	rows, err := c.Query(context.Background(), sql, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
	got, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
		values, err := r.Values()
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = fmt.Sprint(v)
		}
		return strings.Join(parts, " "), err
	})
	if err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
	if text := strings.Join(got, "|"); text != want {
		c.t.Fatalf("%s: got %q, want %q", sql, text, want)
	}
}

// TestScope runs the same statements as two users: each has rows of their own, the same keys do not collide, and nothing reaches across.
func TestScope(t *testing.T) {
	admin, alice, bob := as(t, "postgres"), as(t, "alice"), as(t, "bob")
	admin.do("CREATE USER TABLE note (id int PRIMARY KEY, tag text UNIQUE, body text)")
	admin.do("CREATE INDEX ON note (body)")
	for _, c := range []client{alice, bob} {
		c.do("INSERT INTO note VALUES (1, 'a', $1), (2, 'b', 'two')", "of "+c.Config().User)
		c.fails("23505", "INSERT INTO note VALUES (1, 'z', '')")
		c.fails("23505", "INSERT INTO note VALUES (9, 'a', '')")
	}
	alice.shows("1 a of alice|2 b two", "SELECT * FROM note ORDER BY id")
	bob.shows("1 a of bob", "SELECT * FROM note WHERE id = 1")
	bob.shows("1", "SELECT id FROM note WHERE tag = 'a'")
	bob.shows("1", "SELECT count(*) FROM note WHERE body >= 'of' AND body < 'og'")
	bob.do("UPDATE note SET body = 'changed'")
	bob.do("DELETE FROM note WHERE id = 2")
	bob.do("INSERT INTO note VALUES (1, 'a', 'again') ON CONFLICT (id) DO UPDATE SET body = excluded.body")
	bob.shows("1 a again", "SELECT * FROM note")
	alice.shows("1 a of alice|2 b two", "SELECT * FROM note ORDER BY id")
	if _, err := bob.CopyFrom(context.Background(), pgx.Identifier{"note"}, []string{"id", "tag"}, pgx.CopyFromRows([][]any{{7, "g"}, {8, "h"}})); err != nil {
		t.Fatal(err)
	}
	bob.shows("3", "SELECT count(*) FROM note")
	admin.shows("0", "SELECT count(*) FROM note")
	bob.do("TRUNCATE note")
	bob.shows("0", "SELECT count(*) FROM note")
	alice.shows("2", "SELECT count(*) FROM note")
}

// TestWideningIsRefused tries every way to see more than one's own rows.
func TestWideningIsRefused(t *testing.T) {
	admin, alice := as(t, "postgres"), as(t, "alice")
	admin.do("CREATE USER TABLE secret (id int PRIMARY KEY, v text)")
	as(t, "bob").do("INSERT INTO secret VALUES (1, 'of bob')")
	alice.fails("42501", "SET kalam.all_users = on")
	alice.fails("42501", "SET kalam.user_id = 'bob'")
	alice.fails("42501", "SELECT set_config('kalam.user_id', 'bob', false)")
	alice.fails("42501", "SELECT set_config('kalam.all_users', 'on', false)")
	alice.fails("42501", "SET ROLE bob")
	alice.fails("42501", "SET SESSION AUTHORIZATION bob")
	alice.fails("42501", "EXECUTE AS USER 'bob' (SELECT * FROM secret)")
	alice.shows("", "SELECT * FROM secret")
	alice.shows("", "SELECT * FROM secret WHERE _user = 'bob'")
	config := alice.Config().Copy()
	config.RuntimeParams["kalam.user_id"] = "bob"
	if c, err := pgx.ConnectConfig(context.Background(), config); err == nil {
		defer c.Close(context.Background())
		client{t, c}.shows("", "SELECT * FROM secret")
	}
}

// TestSwitching changes the user under prepared statements, plans and cursors: a statement always runs in the scope of the moment, and a cursor keeps
// the one that it was opened in.
func TestSwitching(t *testing.T) {
	admin := as(t, "postgres")
	admin.do("CREATE USER TABLE item (id int PRIMARY KEY)")
	admin.do("SET ROLE alice")
	admin.do("INSERT INTO item VALUES (1), (2)")
	admin.do("SET ROLE bob")
	admin.do("INSERT INTO item VALUES (3)")
	admin.do("RESET ROLE")
	const count = "SELECT count(*) FROM item WHERE id > $1"
	admin.shows("0", count, 0)
	admin.do("SET ROLE alice")
	admin.shows("2", count, 0)
	admin.do("SET ROLE bob")
	admin.shows("1", count, 0)
	admin.do("RESET ROLE")
	admin.shows("1|2", "EXECUTE AS USER 'alice' (SELECT id FROM item ORDER BY id)")
	admin.shows("0", count, 0)

	admin.do("BEGIN")
	admin.do("SET LOCAL ROLE alice")
	admin.do("DECLARE c CURSOR FOR SELECT id FROM item ORDER BY id")
	admin.do("SET LOCAL ROLE bob")
	admin.shows("1|2", "FETCH ALL FROM c")
	admin.do("COMMIT")
	admin.shows("0", count, 0)
	admin.shows("postgres", "SELECT current_user::text")
}

// TestApplicationUsers is a pool that logs in as one role and acts for users that are no roles.
func TestApplicationUsers(t *testing.T) {
	admin, pool := as(t, "postgres"), as(t, "pool")
	admin.do("CREATE USER TABLE cart (id int PRIMARY KEY, what text)")
	for _, user := range []string{"u-1", "u-2"} {
		pool.do("BEGIN")
		pool.do("SET LOCAL kalam.user_id = '" + user + "'")
		pool.do("INSERT INTO cart VALUES (1, $1)", "of "+user)
		pool.shows("1 of "+user+" "+user, "SELECT *, _user FROM cart")
		pool.do("COMMIT")
	}
	pool.shows("", "SELECT * FROM cart")
	admin.do("SET kalam.all_users = on")
	admin.shows("u-1 1|u-2 1", "SELECT _user, count(*) FROM cart GROUP BY _user ORDER BY _user")
	admin.shows("of u-1|of u-2", "SELECT what FROM cart WHERE id = 1 ORDER BY _user")
	admin.do("RESET kalam.all_users")
	admin.shows("", "SELECT * FROM cart")
}

// TestStream is rows that go by themselves.
func TestStream(t *testing.T) {
	admin, alice, bob := as(t, "postgres"), as(t, "alice"), as(t, "bob")
	admin.fails("22023", "CREATE STREAM TABLE bad (v int)")
	admin.do("CREATE STREAM TABLE typing (v int) WITH (ttl = '300 ms')")
	alice.do("INSERT INTO typing VALUES (1), (2)")
	alice.shows("2", "SELECT count(*) FROM typing")
	bob.shows("0", "SELECT count(*) FROM typing")
	time.Sleep(400 * time.Millisecond)
	alice.shows("0", "SELECT count(*) FROM typing")
	admin.do("CREATE STREAM TABLE board (v int) WITH (ttl = '1 hour', scope = 'shared')")
	alice.do("INSERT INTO board VALUES (1)")
	bob.shows("1", "SELECT v FROM board")
}

// TestHiddenColumns reads what * leaves out.
func TestHiddenColumns(t *testing.T) {
	admin := as(t, "postgres")
	admin.do("CREATE TABLE h (id int PRIMARY KEY)")
	admin.do("INSERT INTO h VALUES (1)")
	admin.do("INSERT INTO h VALUES (2)")
	admin.shows("1|2", "SELECT * FROM h ORDER BY id")
	admin.shows("true", "SELECT (SELECT _seq FROM h WHERE id = 1) < (SELECT _seq FROM h WHERE id = 2)")
	admin.shows("true false h", "SELECT _updated > now() - interval '1 min', _deleted, tableoid::regclass::text FROM h WHERE id = 1")
	admin.do("UPDATE h SET id = 3 WHERE id = 1")
	admin.shows("true", "SELECT (SELECT _seq FROM h WHERE id = 3) > (SELECT _seq FROM h WHERE id = 2)")
}

// TestSystemTables reads kalampg's own catalog.
func TestSystemTables(t *testing.T) {
	admin := as(t, "postgres")
	for _, table := range []string{"users", "namespaces", "storage_locations", "live_queries", "jobs", "tables", "table_schemas"} {
		admin.do("SELECT * FROM system." + table)
	}
	admin.do("CREATE NAMESPACE shop")
	admin.do("CREATE USER TABLE shop.orders (id int PRIMARY KEY)")
	admin.do("ALTER TABLE shop.orders ADD COLUMN total numeric(10,2)")
	admin.shows("orders user", "SELECT t.table_name, t.table_type FROM system.tables t JOIN system.namespaces n USING (namespace_id) WHERE n.name = 'shop'")
	admin.shows("1|2", "SELECT version FROM system.table_schemas WHERE table_name = 'orders' ORDER BY version")
	admin.fails("2BP01", "DROP NAMESPACE shop")
	admin.do("DROP NAMESPACE shop CASCADE")
}
