package system

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// LiveQuery is a subscription.
type LiveQuery struct {
	ID           string          `json:"id"`
	ConnectionID string          `json:"connection_id"`
	UserID       string          `json:"user_id"`
	Namespace    string          `json:"namespace,omitempty"`
	Table        string          `json:"table,omitempty"`
	Query        string          `json:"query"`
	Options      json.RawMessage `json:"options,omitempty"`
	Status       string          `json:"status"`
	Changes      int64           `json:"changes"`
	LastSeq      int64           `json:"last_seq"`
	Node         string          `json:"node,omitempty"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
}

func (q *LiveQuery) id() string { return q.ID }

var liveQueryColumns = []column{
	{"live_id", pgtype.TextType}, {"connection_id", pgtype.TextType}, {"user_id", pgtype.TextType}, {"namespace_id", pgtype.TextType}, {"table_name", pgtype.TextType},
	{"query", pgtype.TextType}, {"options", pgtype.JsonbType}, {"status", pgtype.TextType}, {"changes", pgtype.Int8Type}, {"last_seq", pgtype.Int8Type},
	{"node", pgtype.TextType}, {"created_at", pgtype.TimestamptzType}, {"updated_at", pgtype.TimestamptzType},
}

// ResetLiveQueries removes the rows of an earlier run: subscriptions end with their server.
func (t *Tables) ResetLiveQueries(ctx context.Context, x *catalog.Txn) error {
	var ids []string
	if err := t.LiveQueries.ScanAll(ctx, x, func(q *LiveQuery) bool { ids = append(ids, q.ID); return true }); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := t.LiveQueries.Delete(ctx, x, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tables) scanLiveQueries(r catalog.Reader, yield func([]pgtype.Datum) bool) (err error) {
	row := make([]pgtype.Datum, len(liveQueryColumns))
	failed := t.LiveQueries.read(r, func(q *LiveQuery) bool {
		var options pgtype.Datum
		if options, err = jsonb(q.Options); err != nil {
			return false
		}
		row = append(row[:0], pgtype.Text(q.ID), text(q.ConnectionID), text(q.UserID), text(q.Namespace), text(q.Table), pgtype.Text(q.Query), options,
			text(q.Status), pgtype.Int(q.Changes), pgtype.Int(q.LastSeq), text(q.Node), timestamp(q.CreatedAt), timestamp(q.UpdatedAt))
		return yield(row)
	})
	if err == nil {
		err = failed
	}
	return err
}
