package userdata

import (
	"context"
	"errors"

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
	if g, ok := txn.(kv.Ingester); ok {
		in, err := g.Ingest(kv.PrefixSpan(target))
		if err == nil {
			defer in.Cancel()
			if err := copyTo(ctx, txn, source, target, in.Add); err != nil {
				return err
			}
			return in.Finish()
		}
		if !errors.Is(err, kv.ErrUnsuitable) {
			return err
		}
	}
	return copyTo(ctx, txn, source, target, txn.Put)
}

func copyTo(ctx context.Context, txn kv.Txn, source, target []byte, put func(key, value []byte) error) error {
	c, err := txn.Scan(ctx, kv.PrefixSpan(source), kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	var b kv.Batch
	key := append([]byte(nil), target...)
	for {
		n, err := c.Next(ctx, &b)
		if err != nil || n == 0 {
			return err
		}
		for i := range n {
			key = append(key[:len(target)], b.Key(i)[len(source):]...)
			if err := put(key, b.Value(i)); err != nil {
				return err
			}
		}
	}
}
