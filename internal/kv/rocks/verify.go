package rocks

// #include "verify.h"
import "C"

import (
	"context"
	"path/filepath"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
)

var _ kv.Verifier = (*Store)(nil)

// Verify reads every table file and every log file back and compares them with their checksums. Nobody writes meanwhile.
func (s *Store) Verify(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return s.Use(func() error {
		var r C.kg_result
		C.kg_verify(handle(s.e.db), &r)
		if err := failure(&r); err != nil {
			return err
		}
		return commitlog.Verify(filepath.Join(s.e.space.dir, logDir), nil)
	})
}
