package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// Drop removes objects and, with cascade, everything that depends on them.
func (t *Txn) Drop(ctx context.Context, targets []desc.ObjectRef, cascade bool) (dropped []desc.ObjectRef, notices []*pgerr.Error, err error) {
	return nil, nil, pgerr.Unsupported("DROP")
}
