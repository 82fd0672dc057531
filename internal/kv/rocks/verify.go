package rocks

// #include "verify.h"
import "C"

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
)

var _ kv.Verifier = (*Store)(nil)

// Verify reads every table file back and compares its blocks with their checksums.
func (s *Store) Verify(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return s.Use(func() error {
		var r C.kg_result
		C.kg_verify(handle(s.e.db), &r)
		return failure(&r)
	})
}
