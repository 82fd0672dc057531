package exec

import (
	"context"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// watchTransactions warns in the log, once for each, of transactions that have been open for longer than after: as long as one runs, the store has to keep every version of
// every row that it may still read, and its locks keep others waiting. It ends with ctx.
func (e *Engine) watchTransactions(ctx context.Context, after time.Duration) {
	if after <= 0 {
		return
	}
	tick := time.NewTicker(min(max(after/4, 10*time.Millisecond), 10*time.Second))
	defer tick.Stop()
	warned := make(map[uint32]bool) // by number
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			open := make(map[uint32]bool)
			for _, s := range e.sessions.all() {
				n, age := s.number.Load(), now.Sub(s.transactionStart())
				if n == 0 || age < after {
					continue
				}
				open[n] = true
				if !warned[n] {
					s.mu.Lock()
					state, query := s.activity.state, s.activity.query
					s.mu.Unlock()
					e.log.Warn("a transaction has been open for long: old row versions are kept for it", "pid", s.pid, "age", age.Round(time.Millisecond), "state", state,
						"query", logged(query))
				}
			}
			warned = open
		}
	}
}

// logged cuts a text for the log.
func logged(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// transactionStart is when the running transaction began, zero without one. Any goroutine may ask.
func (s *Session) transactionStart() time.Time {
	if us := s.beganAt.Load(); us != 0 {
		return time.UnixMicro(us)
	}
	return time.Time{}
}

// Metrics are the engine's figures.
func (e *Engine) Metrics() []kv.Metric {
	open, oldest, now := 0, time.Duration(0), time.Now()
	for _, s := range e.sessions.all() {
		if s.number.Load() != 0 {
			open++
			oldest = max(oldest, now.Sub(s.transactionStart()))
		}
	}
	list := []kv.Metric{
		{Name: "open_transactions", Value: float64(open)},
		{Name: "oldest_transaction_seconds", Value: oldest.Seconds()},
		{Name: "notification_queue_usage", Value: e.notices.Usage()},
	}
	if store, ok := e.store.(kv.PreparedStore); ok {
		list = append(list, kv.Metric{Name: "prepared_transactions", Value: float64(len(store.Prepared()))})
	}
	return list
}
