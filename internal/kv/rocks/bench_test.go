package rocks

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
)

// benchRows is the size of the benchmarks' table: KALAMPG_BENCH_ROWS, or few enough for a quick look.
func benchRows(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("KALAMPG_BENCH_ROWS"))
	if os.Getenv("KALAMPG_BENCH_ROWS") == "" {
		return 200_000
	}
	if err != nil {
		b.Fatal("KALAMPG_BENCH_ROWS:", err)
	}
	return n
}

func benchKey(key []byte, n int) []byte {
	key = append(key[:0], kv.SpaceRows, 0, 0, 0, 1)
	return binary.BigEndian.AppendUint64(key, uint64(n))
}

// filled is a store with rows of 13 + 100 bytes, flushed and compacted.
func filled(b *testing.B, rows int) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), Options{CacheBytes: 6 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	rnd := rand.New(rand.NewSource(1))
	value, key := make([]byte, 100), []byte(nil)
	for i := 0; i < rows; {
		x, _ := s.Begin(bg, kv.TxnOptions{NoSync: true})
		for range min(50_000, rows-i) {
			rnd.Read(value[:50])
			key = benchKey(key, i)
			x.Put(key, value)
			i++
		}
		if _, err := x.Commit(bg); err != nil {
			b.Fatal(err)
		}
	}
	f := grocksdb.NewDefaultFlushOptions()
	defer f.Destroy()
	s.e.db.FlushCF(s.e.families[familyRows], f)
	s.e.db.CompactRangeCF(s.e.families[familyRows], grocksdb.Range{})
	return s
}

func BenchmarkScan(b *testing.B) {
	rows := benchRows(b)
	s := filled(b, rows)
	span := kv.PrefixSpan([]byte{kv.SpaceRows})
	report := func(b *testing.B, n int) {
		if n != b.N*rows {
			b.Fatalf("%d rows in %d scans of %d", n, b.N, rows)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
	}
	seam := func(b *testing.B, x kv.Txn, o kv.ScanOptions) {
		var batch kv.Batch
		n := 0
		for range b.N {
			c, err := x.Scan(bg, span, o)
			if err != nil {
				b.Fatal(err)
			}
			for {
				got, err := c.Next(bg, &batch)
				if err != nil {
					b.Fatal(err)
				}
				if got == 0 {
					break
				}
				n += got
			}
			c.Close()
		}
		report(b, n)
	}
	x, _ := s.Begin(bg, kv.TxnOptions{})
	defer x.Rollback()
	b.Run("seam", func(b *testing.B) { seam(b, x, kv.ScanOptions{}) })
	b.Run("grocksdb", func(b *testing.B) {
		ro := grocksdb.NewDefaultReadOptions()
		defer ro.Destroy()
		n, sum := 0, 0
		for range b.N {
			it := s.e.db.NewIteratorCF(ro, s.e.families[familyRows])
			for it.Seek(span.Start); it.Valid(); it.Next() {
				k, v := it.Key(), it.Value()
				sum += len(k.Data()) + len(v.Data())
				k.Free()
				v.Free()
				n++
			}
			it.Close()
		}
		report(b, n)
	})
	b.Run("seam/keysonly", func(b *testing.B) { seam(b, x, kv.ScanOptions{KeysOnly: true}) })
	b.Run("seam/reverse", func(b *testing.B) { seam(b, x, kv.ScanOptions{Reverse: true}) })
	y, _ := s.Begin(bg, kv.TxnOptions{})
	defer y.Rollback()
	y.Put(benchKey(nil, rows/2), []byte("own"))
	b.Run("seam/merged", func(b *testing.B) { seam(b, y, kv.ScanOptions{}) })
}

func BenchmarkGet(b *testing.B) {
	rows := benchRows(b)
	s := filled(b, rows)
	x, _ := s.Begin(bg, kv.TxnOptions{ReadOnly: true})
	defer x.Rollback()
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			var batch kv.Batch
			keys := make([][]byte, n)
			rnd := rand.New(rand.NewSource(2))
			b.ReportAllocs()
			for range b.N {
				for i := range keys {
					keys[i] = benchKey(keys[i], rnd.Intn(rows))
				}
				if err := x.Get(bg, keys, &batch, kv.GetOptions{}); err != nil || !batch.Found(n-1) {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/key")
		})
	}
	b.Run("hot", func(b *testing.B) { // ten thousand rows, which the cache of rows holds
		var batch kv.Batch
		keys := make([][]byte, 1)
		rnd := rand.New(rand.NewSource(2))
		b.ReportAllocs()
		for range b.N {
			keys[0] = benchKey(keys[0], rnd.Intn(10_000))
			if err := x.Get(bg, keys, &batch, kv.GetOptions{}); err != nil || !batch.Found(0) {
				b.Fatal(err)
			}
		}
	})
	b.Run("hot/native", func(b *testing.B) {
		var batch kv.Batch
		var key []byte
		rnd := rand.New(rand.NewSource(2))
		snap := s.e.native.snapshot()
		defer s.e.native.release(snap)
		for range b.N {
			key = benchKey(key, rnd.Intn(10_000))
			batch.Reset()
			if err := s.e.getOne(familyRows, snap, key, &batch); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("native", func(b *testing.B) { // what of it is RocksDB and the crossing
		var batch kv.Batch
		var key []byte
		rnd := rand.New(rand.NewSource(2))
		snap := s.e.native.snapshot()
		defer s.e.native.release(snap)
		for range b.N {
			key = benchKey(key, rnd.Intn(rows))
			batch.Reset()
			if err := s.e.getOne(familyRows, snap, key, &batch); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("transaction", func(b *testing.B) {
		var batch kv.Batch
		keys := make([][]byte, 1)
		rnd := rand.New(rand.NewSource(2))
		b.ReportAllocs()
		for range b.N {
			keys[0] = benchKey(keys[0], rnd.Intn(rows))
			x, _ := s.Begin(bg, kv.TxnOptions{})
			if err := x.Get(bg, keys, &batch, kv.GetOptions{}); err != nil {
				b.Fatal(err)
			}
			if _, err := x.Commit(bg); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("shortscan", func(b *testing.B) {
		var batch kv.Batch
		var start, end []byte
		rnd := rand.New(rand.NewSource(2))
		b.ReportAllocs()
		for range b.N {
			n := rnd.Intn(rows - 10)
			start, end = benchKey(start, n), benchKey(end, n+10)
			c, _ := x.Scan(bg, kv.Span{Start: start, End: end}, kv.ScanOptions{})
			if n, err := c.Next(bg, &batch); n != 10 || err != nil {
				b.Fatal(n, err)
			}
			c.Close()
		}
	})
}

func BenchmarkCommit(b *testing.B) {
	for _, sync_ := range []bool{true, false} {
		for _, workers := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("sync=%v/clients=%d", sync_, workers), func(b *testing.B) {
				s, err := Open(b.TempDir(), Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				b.ReportAllocs()
				b.ResetTimer()
				for g := range workers {
					wg.Add(1)
					go func() {
						defer wg.Done()
						rnd := rand.New(rand.NewSource(int64(g)))
						value := make([]byte, 100)
						keys := make([][]byte, 1)
						for left.Add(-1) >= 0 {
							x, _ := s.Begin(bg, kv.TxnOptions{NoSync: !sync_})
							keys[0] = benchKey(keys[0], rnd.Int())
							x.Lock(bg, keys, kv.LockOptions{Mode: kv.ForNoKeyUpdate})
							x.Put(keys[0], value)
							if _, err := x.Commit(bg); err != nil {
								b.Error(err)
								return
							}
						}
					}()
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
				for _, m := range s.Metrics() {
					if m.Name == "kv_commit_groups_total" {
						b.ReportMetric(float64(b.N)/m.Value, "per-group")
					}
				}
			})
		}
	}
}

// Opening must stay quick, since every start pays for it.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for range b.N {
		s, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// What a transaction costs beside its work.
func BenchmarkBeginCommit(b *testing.B) {
	s := open(b, b.TempDir())
	b.ReportAllocs()
	for range b.N {
		x, _ := s.Begin(bg, kv.TxnOptions{})
		x.Commit(bg)
	}
}

func BenchmarkPointHot(b *testing.B) {
	s := open(b, b.TempDir())
	put(b, s, row("a"), make([]byte, 100))
	keys := [][]byte{row("a")}
	var batch kv.Batch
	b.Run("txn", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			x, _ := s.Begin(bg, kv.TxnOptions{})
			x.Get(bg, keys, &batch, kv.GetOptions{})
			x.Commit(bg)
		}
	})
	b.Run("native", func(b *testing.B) {
		snap := s.e.native.snapshot()
		defer s.e.native.release(snap)
		b.ReportAllocs()
		for range b.N {
			batch.Reset()
			s.e.getOne(familyRows, snap, keys[0], &batch)
		}
	})
}

// BenchmarkLoad puts 100,000 rows in a transaction, as COPY does.
func BenchmarkLoad(b *testing.B) {
	const rows = 100_000
	for _, order := range []string{"ascending", "random"} {
		b.Run(order, func(b *testing.B) {
			s, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			rnd := rand.New(rand.NewSource(1))
			key, value, n := []byte(nil), make([]byte, 100), 0
			for range b.N {
				x, _ := s.Begin(bg, kv.TxnOptions{})
				for range rows {
					if n++; order == "random" {
						key = benchKey(key, rnd.Int())
					} else {
						key = benchKey(key, n)
					}
					x.Put(key, value)
				}
				if _, err := x.Commit(bg); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
