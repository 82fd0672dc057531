package exec

import (
	"context"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/notify"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/kv"
)

var _ builtin.Notifier = (*environment)(nil)

// listening gives the session's listener.
func (s *Session) listening() *notify.Listener {
	if s.listener == nil {
		s.listener = s.engine.notices.NewListener(uint32(s.database), s.pid, s.attend)
	}
	return s.listener
}

// pending is what the transaction will tell others at its commit.
func (s *Session) pending() *notify.Pending {
	if s.txn.notices == nil {
		s.txn.notices = new(notify.Pending)
	}
	return s.txn.notices
}

// listen, unlisten and notify run LISTEN, UNLISTEN and NOTIFY, all of which take effect at the commit.
func (s *Session) listen(ctx context.Context, channel string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.pending().Listen(channel)
	return nil
}

func (s *Session) unlisten(ctx context.Context, channel string) error {
	if s.listener == nil && (s.txn == nil || s.txn.notices == nil) {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.pending().Unlisten(channel)
	return nil
}

func (s *Session) notify(ctx context.Context, channel, payload string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.pending().Notify(channel, payload)
}

// commitNotices commits the transaction of the store and, with it, what the transaction has to tell. With writes, the order is that of the commits; a
// transaction without any only tells.
func (s *Session) commitNotices(ctx context.Context, t *transaction) error {
	if t.notices == nil || t.notices.Empty() {
		_, err := t.kv.Commit(ctx)
		return err
	}
	hub, l, p := s.engine.notices, s.listening(), t.notices
	if err := hub.Reserve(p); err != nil {
		return err
	}
	var batch *notify.Batch
	entered := false
	enter := func(kv.Version) { batch, entered = hub.Enter(l, p), true }
	if t.kv.Written() {
		t.kv.OnCommit(enter)
	}
	if _, err := t.kv.Commit(ctx); err != nil {
		hub.Cancel(p)
		return err
	}
	if !entered {
		enter(0)
	}
	hub.Release(batch)
	return nil
}

// Attend sends the notifications that have come, if no transaction is open. The wire calls it between statements after the session has asked for attention.
func (s *Session) Attend(sink result.Sink) error {
	if s.listener == nil || s.txn != nil {
		return nil
	}
	return s.listener.Read(sink.Notification)
}

// Notify is pg_notify.
func (e *environment) Notify(ctx context.Context, channel, payload string) error {
	return e.s.notify(ctx, channel, payload)
}

// ListeningChannels is pg_listening_channels.
func (e *environment) ListeningChannels() []string {
	if e.s.listener == nil {
		return nil
	}
	return e.s.listener.Channels()
}

// NotificationQueueUsage is pg_notification_queue_usage.
func (e *environment) NotificationQueueUsage() float64 { return e.s.engine.notices.Usage() }
