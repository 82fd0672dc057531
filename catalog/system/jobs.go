package system

import (
	"encoding/json"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Job is a piece of background work.
type Job struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"` // flush, compact, evict, retention, cleanup, export, backup, restore, analyze
	Table      string          `json:"table,omitempty"`
	Status     string          `json:"status"` // new, queued, running, retrying, completed, failed, cancelled, skipped
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Result     string          `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	Trace      string          `json:"trace,omitempty"`
	Retries    int64           `json:"retries,omitempty"`
	Memory     int64           `json:"memory,omitempty"` // bytes
	CPU        int64           `json:"cpu_us,omitempty"` // microseconds
	Node       string          `json:"node,omitempty"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  time.Time       `json:"started_at,omitzero"`
	FinishedAt time.Time       `json:"finished_at,omitzero"`
}

func (j *Job) id() string { return j.ID }

var jobColumns = []column{
	{"job_id", pgtype.TextType}, {"job_type", pgtype.TextType}, {"table_name", pgtype.TextType}, {"status", pgtype.TextType}, {"parameters", pgtype.JsonbType},
	{"result", pgtype.TextType}, {"error_message", pgtype.TextType}, {"trace", pgtype.TextType}, {"retry_count", pgtype.Int8Type}, {"memory_used", pgtype.Int8Type},
	{"cpu_used", pgtype.Int8Type}, {"node", pgtype.TextType}, {"created_at", pgtype.TimestamptzType}, {"started_at", pgtype.TimestamptzType},
	{"finished_at", pgtype.TimestamptzType},
}

func (t *Tables) scanJobs(r catalog.Reader, yield func([]pgtype.Datum) bool) (err error) {
	row := make([]pgtype.Datum, len(jobColumns))
	failed := t.Jobs.read(r, func(j *Job) bool {
		var parameters pgtype.Datum
		if parameters, err = jsonb(j.Parameters); err != nil {
			return false
		}
		row = append(row[:0], pgtype.Text(j.ID), pgtype.Text(j.Type), text(j.Table), pgtype.Text(j.Status), parameters, text(j.Result), text(j.Error), text(j.Trace),
			pgtype.Int(j.Retries), pgtype.Int(j.Memory), pgtype.Int(j.CPU), text(j.Node), timestamp(j.CreatedAt), timestamp(j.StartedAt), timestamp(j.FinishedAt))
		return yield(row)
	})
	if err == nil {
		err = failed
	}
	return err
}
