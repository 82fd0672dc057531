package rowcache

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

var seed = flag.Int64("seed", 1, "of the random tests")

// model is the whole history of every key.
type model struct {
	now     kv.Version
	history map[string][]state
}

type state struct {
	version kv.Version
	value   string
	found   bool
}

func (m *model) set(key, value string, found bool) {
	m.history[key] = append(m.history[key], state{m.now, value, found})
}

func (m *model) at(key string, v kv.Version) state {
	list := m.history[key]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].version <= v {
			return list[i]
		}
	}
	return state{}
}

func key(i int) string { return fmt.Sprintf("\x02key%05d", i) }

// Whatever happens, a hit is what the engine would have said at that snapshot.
func TestRandom(t *testing.T) {
	rnd := rand.New(rand.NewSource(*seed))
	c := New(2 << 20)
	defer c.Close()
	m := &model{history: map[string][]state{}}
	var b kv.Batch
	hits := 0
	for step := range 400_000 {
		k := rnd.Intn(3000)
		if rnd.Intn(2) == 0 {
			k = rnd.Intn(100)
		}
		name := key(k)
		switch n := rnd.Intn(1000); {
		case n < 150:
			m.now++
			value := fmt.Sprintf("%d.%0*d", step, rnd.Intn(200), 0)
			if rnd.Intn(50) == 0 {
				value = string(bytes.Repeat([]byte("L"), rnd.Intn(2*maxValue)))
			}
			m.set(name, value, true)
			c.Commit([]byte(name), []byte(value), m.now, rnd.Intn(2) == 0)
		case n < 180:
			m.now++
			m.set(name, "", false)
			c.Delete([]byte(name), m.now)
		case n < 183:
			m.now++
			end := k + rnd.Intn(50)
			for i := k; i < end; i++ {
				m.set(key(i), "", false)
			}
			c.DropRange(kv.Span{Start: []byte(name), End: []byte(key(end))}, m.now)
		default:
			at := m.now
			if rnd.Intn(3) == 0 {
				at -= min(at, kv.Version(rnd.Intn(200)))
			}
			want := m.at(name, at)
			b.Reset()
			if c.Get([]byte(name), at, &b) {
				hits++
				if !want.found || string(b.Value(0)) != want.value || b.Version(0) != want.version || string(b.Key(0)) != name {
					t.Fatalf("seed %d, step %d: %q at %d is %q of %d, want %q of %d, %v", *seed, step, name, at, b.Value(0), b.Version(0), want.value, want.version, want.found)
				}
			} else if want.found {
				c.Fill([]byte(name), []byte(want.value), want.version, at)
			}
		}
	}
	stats := c.Stats()
	t.Logf("%d hits, %+v", hits, stats)
	if hits < 50_000 || stats.Entries == 0 {
		t.Error("the cache does not cache")
	}
}

// What is read again and again stays, whatever comes and goes beside it.
func TestSecondChance(t *testing.T) {
	c := New(4 << 20)
	defer c.Close()
	value := make([]byte, 100)
	var b kv.Batch
	hot, missed := 1000, 0
	for i := range hot {
		c.Commit([]byte(key(i)), value, 1, true)
	}
	for i := range 200_000 {
		c.Commit([]byte(fmt.Sprint("\x02cold", i)), value, kv.Version(i+2), true)
		b.Reset()
		if k := []byte(key(i % hot)); !c.Get(k, 1<<40, &b) {
			missed++
			c.Fill(k, value, 1, 1<<40)
		}
	}
	if missed > 20_000 {
		t.Errorf("%d of 200000 reads of hot keys missed", missed)
	}
	if n := c.Stats().Entries; n < 15_000 {
		t.Errorf("%d entries in 4 MiB", n)
	}
}

// Readers fill while commits come: nobody ever sees a value older than its snapshot.
func TestConcurrent(t *testing.T) {
	c := New(3 << 20)
	defer c.Close()
	const keys = 200
	var values [keys]atomic.Uint64 // version of each key's newest value: the engine
	var visible atomic.Uint64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewSource(int64(g)))
			var b kv.Batch
			for !stop.Load() {
				k := rnd.Intn(keys)
				before := values[k].Load()
				at := visible.Load()
				b.Reset()
				if c.Get([]byte(key(k)), kv.Version(at), &b) {
					if v := uint64(b.Version(0)); v < min(before, at) && before <= at {
						t.Errorf("key %d at %d: version %d, was %d before", k, at, v, before)
						return
					}
				} else if v := values[k].Load(); v <= at && v > 0 {
					c.Fill([]byte(key(k)), []byte("x"), kv.Version(v), kv.Version(at))
				}
			}
		}()
	}
	rnd := rand.New(rand.NewSource(9))
	for v := uint64(1); v < 200_000; v++ {
		k := rnd.Intn(keys)
		values[k].Store(v)
		c.Commit([]byte(key(k)), []byte("x"), kv.Version(v), false)
		visible.Store(v)
	}
	stop.Store(true)
	wg.Wait()
}

func TestNothing(t *testing.T) {
	var c *Cache
	if New(1000) != nil {
		t.Error("a cache of 1000 bytes")
	}
	c.Commit([]byte("a"), nil, 1, true)
	c.Fill([]byte("a"), nil, 1, 1)
	c.DropRange(kv.Span{}, 1)
	c.Delete([]byte("a"), 1)
	if c.Get([]byte("a"), 1, nil) || c.Stats().Bytes != 0 {
		t.Error("no cache that answers")
	}
	c.Close()
}

func BenchmarkGet(b *testing.B) {
	c := New(512 << 20)
	defer c.Close()
	const rows = 2_000_000
	value := make([]byte, 100)
	name := func(buf []byte, i int) []byte {
		return append(buf[:0], 2, 0, 0, 0, 1, 0, 0, 0, 0, byte(i>>24), byte(i>>16), byte(i>>8), byte(i))
	}
	var k []byte
	for i := range rows {
		k = name(k, i)
		c.Commit(k, value, 1, true)
	}
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		rnd := rand.New(rand.NewSource(2))
		var batch kv.Batch
		for range b.N {
			k = name(k, rnd.Intn(rows))
			batch.Reset()
			if !c.Get(k, 1, &batch) {
				b.Fatal("missed")
			}
		}
	})
	b.Run("commit", func(b *testing.B) {
		b.ReportAllocs()
		rnd := rand.New(rand.NewSource(2))
		for i := range b.N {
			k = name(k, rnd.Intn(rows))
			c.Commit(k, value, kv.Version(i+2), true)
		}
	})
}
