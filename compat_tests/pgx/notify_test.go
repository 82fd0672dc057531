package pgx_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/target"
)

func waitFor(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	n, err := conn.WaitForNotification(limited(t))
	noError(t, err)
	return n.Channel + ":" + n.Payload
}

func nothing(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if n, err := conn.WaitForNotification(ctx); err == nil {
		t.Errorf("got %s:%s", n.Channel, n.Payload)
	}
}

// TestNotify tells an idle connection at once, in commit order, and of what it can then see.
func TestNotify(t *testing.T) {
	ctx := limited(t)
	listener, notifier := connect(t), connect(t)
	execute(t, notifier, "DROP TABLE IF EXISTS told", "CREATE TABLE told (id int PRIMARY KEY)")
	execute(t, listener, "LISTEN news")
	for i := range 100 {
		_, err := notifier.Exec(ctx, fmt.Sprintf("BEGIN; INSERT INTO told VALUES (%d); NOTIFY news, '%d'; COMMIT", i, i))
		noError(t, err)
		equal(t, "notification", waitFor(t, listener), fmt.Sprintf("news:%d", i))
		var n int
		noError(t, listener.QueryRow(ctx, "SELECT count(*) FROM told").Scan(&n))
		equal(t, "rows", n, i+1)
	}
	execute(t, notifier, "BEGIN", "NOTIFY news, 'undone'", "ROLLBACK", "BEGIN", "NOTIFY news, 'later'")
	execute(t, listener, "BEGIN", "SELECT 1")
	execute(t, notifier, "COMMIT", "SELECT pg_notify('news', 'last')")
	execute(t, listener, "SELECT 1", "COMMIT")
	equal(t, "after the transaction", waitFor(t, listener), "news:later")
	equal(t, "after the transaction", waitFor(t, listener), "news:last")
	execute(t, listener, "UNLISTEN news")
	execute(t, notifier, "NOTIFY news, 'unheard'")
	nothing(t, listener)
}

// TestNotifyBatch gets notifications of a pipeline before ReadyForQuery, and those to oneself.
func TestNotifyBatch(t *testing.T) {
	ctx := limited(t)
	conn := connect(t)
	batch := &pgx.Batch{}
	batch.Queue("LISTEN own")
	for i := range 3 {
		batch.Queue("SELECT pg_notify('own', $1)", fmt.Sprint(i))
	}
	noError(t, conn.SendBatch(ctx, batch).Close())
	for i := range 3 {
		equal(t, "own", waitFor(t, conn), fmt.Sprintf("own:%d", i))
	}
}

// stalled is a connection whose reading can be stopped.
type stalled struct {
	net.Conn
	stop *atomic.Bool
	gone chan struct{}
}

func (s *stalled) Read(b []byte) (int, error) {
	if s.stop.Load() {
		<-s.gone
		return 0, io.EOF
	}
	return s.Conn.Read(b)
}

// TestSlowListener does not make notifiers wait; the queue fills up, and is free again when the listener goes.
func TestSlowListener(t *testing.T) {
	if testing.Short() || *against == target.Reference {
		t.Skip("PostgreSQL's queue takes 8 GB")
	}
	ctx := limited(t)
	var stop atomic.Bool
	gone := make(chan struct{})
	slow := connect(t, func(c *pgx.ConnConfig) {
		dial := c.DialFunc
		c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &stalled{conn, &stop, gone}, err
		}
	})
	notifier := connect(t)
	execute(t, slow, "LISTEN flood")
	stop.Store(true)
	var failed error
	payload := strings.Repeat("x", 7900)
	for i := 0; i < 200 && failed == nil; i++ {
		_, failed = notifier.Exec(ctx, "SELECT pg_notify('flood', i || '/' || $1::text || $2) FROM generate_series(1, 500) i", fmt.Sprint(i), payload)
	}
	serverError(t, failed, "54000")
	var usage float64
	noError(t, notifier.QueryRow(ctx, "SELECT pg_notification_queue_usage()").Scan(&usage))
	if usage < 0.8 {
		t.Errorf("usage %g", usage)
	}
	execute(t, notifier, "NOTIFY elsewhere")
	close(gone)
	_ = slow.Close(ctx)
	for deadline := time.Now().Add(10 * time.Second); usage > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("usage stays at %g", usage)
		}
		time.Sleep(20 * time.Millisecond)
		noError(t, notifier.QueryRow(ctx, "SELECT pg_notification_queue_usage()").Scan(&usage))
	}
}
