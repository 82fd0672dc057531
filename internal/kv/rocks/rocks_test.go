package rocks

import (
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/kvtest"
)

var small = Options{CacheBytes: 8 << 20, MemtableBytes: 8 << 20, ReserveBytes: 4 << 20, SegmentBytes: 1 << 20, FeedDiskBytes: 4 << 20}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, small)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T, dir string) kv.Store { return open(t, dir) })
}
