package builtin

import (
	"context"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Notifier is an Env whose session notifies others and listens.
type Notifier interface {
	Notify(ctx context.Context, channel, payload string) error
	ListeningChannels() []string
	NotificationQueueUsage() float64
}

// notifyFamily is the functions beside LISTEN and NOTIFY.
func notifyFamily() []Def {
	return []Def{
		{Name: "pg_notify", Scalar: pgNotify},
		{Name: "pg_listening_channels", Set: listeningChannels},
		{Name: "pg_notification_queue_usage", Scalar: queueUsage},
	}
}

// pgNotify takes NULL for the empty string: the function is not strict.
func pgNotify(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	var texts [2]string
	for i := range texts {
		if !a[i].IsNull() {
			texts[i] = string(a[i].Bytes())
		}
	}
	if n, ok := c.Env.(Notifier); ok {
		if err := n.Notify(c.Ctx, texts[0], texts[1]); err != nil {
			return pgtype.Null, err
		}
	}
	return pgtype.Text(""), nil
}

func listeningChannels(c *Call, _ []pgtype.Datum) (Rows, error) {
	var rows []pgtype.Datum
	if n, ok := c.Env.(Notifier); ok {
		for _, name := range n.ListeningChannels() {
			rows = append(rows, pgtype.Text(name))
		}
	}
	return listed(rows), nil
}

func queueUsage(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	if n, ok := c.Env.(Notifier); ok {
		return pgtype.Float(n.NotificationQueueUsage()), nil
	}
	return pgtype.Float(0), nil
}
