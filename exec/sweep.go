package exec

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/userdata"
)

// sweep deletes the rows and index entries of relations that a committed transaction dropped or emptied. It runs behind the commit: nobody can
// reach that storage any more. What a crash leaves is swept at the next start by the catalog's own register of freed storage.
func (e *Engine) sweep(freed []uint64) {
	go func() {
		ctx := context.Background()
		t, err := e.store.Begin(ctx, kv.TxnOptions{NoSync: true})
		if err != nil {
			return
		}
		defer t.Rollback()
		for _, id := range freed {
			for _, span := range userdata.SpansOf(id) {
				if err := t.DeleteRange(span); err != nil {
					e.log.Warn("sweeping dropped storage", "storage", id, "error", err)
					return
				}
			}
		}
		if _, err := t.Commit(ctx); err != nil {
			e.log.Warn("sweeping dropped storage", "error", err)
		}
	}()
}
