package userdata

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/userdata/keys"
)

// CopyStorage copies everything under one storage id, rows or index entries, to another. What is stored does not name its storage id but in the keys' prefix.
func CopyStorage(ctx context.Context, txn kv.Txn, from, to uint64) error {
	for _, space := range []kv.Space{kv.SpaceRows, kv.SpaceIndex} {
		source, target := keys.AppendStorage(nil, space, from), keys.AppendStorage(nil, space, to)
		if err := copySpan(ctx, txn, source, target); err != nil {
			return err
		}
	}
	return nil
}

func copySpan(ctx context.Context, txn kv.Txn, source, target []byte) error {
	c, err := txn.Scan(ctx, kv.PrefixSpan(source), kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	var b kv.Batch
	for {
		n, err := c.Next(ctx, &b)
		if err != nil || n == 0 {
			return err
		}
		for i := range n {
			key := append(append([]byte(nil), target...), b.Key(i)[len(source):]...)
			if err := txn.Put(key, b.Value(i)); err != nil {
				return err
			}
		}
	}
}
