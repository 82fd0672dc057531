package userdata

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// Sample is some rows of a table, each with the same chance to be among them, and what was counted on the way.
type Sample struct {
	Rows   [][]pgtype.Datum // complete rows in the order of the table
	Total  int64            // rows of the table
	Bytes  int64            // that they and their keys take
	Scopes int64            // different users, 1 in a table that is not scoped
}

// kept is a stored row of the reservoir.
type kept struct {
	at    int64
	value []byte
}

// Sample reads the table once, all scopes of it, and keeps up to size rows; only those are decoded. progress is called now and then and ends the work by
// an error.
func (t *Table) Sample(ctx context.Context, a *Access, size int, random *rand.Rand, progress func() error) (*Sample, error) {
	s := &Sample{}
	c, err := a.Txn.Scan(ctx, kv.PrefixSpan(keys.AppendStorage(nil, kv.SpaceRows, t.Rel.StorageID)), kv.ScanOptions{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var reservoir []kept
	var scope []byte
	var b kv.Batch
	for {
		n, err := c.Next(ctx, &b)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if err := progress(); err != nil {
			return nil, err
		}
		for i := range n {
			key, value := b.Key(i), b.Value(i)
			if len(value) < 9 {
				return nil, row.ErrCorrupt
			}
			if row.FlagsOf(value)&row.Deleted != 0 || t.ttl > 0 && row.UpdatedOf(value) < a.Now-t.ttl {
				continue
			}
			if t.scoped {
				_, tail := t.split(key)
				if head := key[:len(key)-len(tail)]; !bytes.Equal(head, scope) {
					scope = append(scope[:0], head...)
					s.Scopes++
				}
			}
			s.Bytes += int64(len(key) + len(value))
			reservoir = draw(reservoir, size, s.Total, value, random)
			s.Total++
		}
	}
	if !t.scoped {
		s.Scopes = 1
	}
	return s, t.decodeSample(s, reservoir)
}

// draw lets the row at a position into the reservoir, in the place of another when it is full (Vitter's algorithm R).
func draw(reservoir []kept, size int, at int64, value []byte, random *rand.Rand) []kept {
	if len(reservoir) < size {
		return append(reservoir, kept{at, bytes.Clone(value)})
	}
	if i := random.Int64N(at + 1); i < int64(size) {
		reservoir[i] = kept{at, append(reservoir[i].value[:0], value...)}
	}
	return reservoir
}

func (t *Table) decodeSample(s *Sample, reservoir []kept) error {
	sortKept(reservoir)
	s.Rows = make([][]pgtype.Datum, len(reservoir))
	for i, k := range reservoir {
		s.Rows[i] = make([]pgtype.Datum, len(t.types))
		if err := t.decode.Decode(k.value, s.Rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func sortKept(list []kept) {
	slices.SortFunc(list, func(a, b kept) int { return cmp.Compare(a.at, b.at) })
}
