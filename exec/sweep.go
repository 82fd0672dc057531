package exec

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/userdata"
)

// sweep deletes the rows and index entries of relations that committed transactions dropped or emptied. It runs behind the commit: nobody can
// reach that storage any more. What a crash leaves is swept at the next start, from the catalog's own list.
func (e *Engine) sweep(freed []uint64) {
	e.background.Go(func() {
		if err := e.collect(context.Background(), freed); err != nil {
			e.log.Warn("sweeping dropped storage", "error", err)
		}
	})
}

// sweepGarbage sweeps what an earlier run left behind.
func (e *Engine) sweepGarbage(ctx context.Context) error {
	ids, err := e.catalog.Garbage(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	e.log.Info("sweeping storage that was dropped before the last stop", "relations", len(ids))
	return e.collect(ctx, ids)
}

func (e *Engine) collect(ctx context.Context, ids []uint64) error {
	t, err := e.store.Begin(ctx, kv.TxnOptions{NoSync: true})
	if err != nil {
		return err
	}
	defer t.Rollback()
	for _, id := range ids {
		for _, span := range userdata.SpansOf(id) {
			if err := t.DeleteRange(span); err != nil {
				return err
			}
		}
	}
	if err := e.catalog.Collected(ctx, t, ids); err != nil {
		return err
	}
	if _, err = t.Commit(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		e.rows.Forget(id)
	}
	return nil
}
