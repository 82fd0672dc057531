package writebuf

import (
	"bytes"
	"fmt"
	"math/rand"
	"sort"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

type state map[string]string // "" deleted

func (s state) clone() state {
	c := state{}
	for k, v := range s {
		c[k] = v
	}
	return c
}

func dump(v View, reverse bool) string {
	var out bytes.Buffer
	for p := v.First(reverse); p.Valid(); p = v.Next(p, reverse) {
		if p.Del {
			fmt.Fprintf(&out, "%q- ", p.Key)
		} else {
			fmt.Fprintf(&out, "%q=%q ", p.Key, p.Value)
		}
	}
	return out.String()
}

func (s state) dump(span kv.Span, reverse bool) string {
	var keys []string
	for k := range s {
		if k >= string(span.Start) && k < string(span.End) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	if reverse {
		sort.Sort(sort.Reverse(sort.StringSlice(keys)))
	}
	var out bytes.Buffer
	for _, k := range keys {
		if s[k] == "" {
			fmt.Fprintf(&out, "%q- ", k)
		} else {
			fmt.Fprintf(&out, "%q=%q ", k, s[k])
		}
	}
	return out.String()
}

// Random writes, views, marks and rollbacks against maps.
func TestRandom(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewSource(seed))
	var b Buffer
	for round := range 60 {
		b.Reset()
		now := state{}
		type saved struct {
			mark kv.Mark
			st   state
		}
		type viewed struct {
			view View
			span kv.Span
			st   state
		}
		type moment struct {
			at kv.Moment
			st state
		}
		var marks []saved
		var moments []moment
		var views []viewed
		space := byte(kv.SpaceRows)
		key := func() []byte { return append([]byte{space}, fmt.Sprintf("%03d", rnd.Intn(200))...) }
		for step := range 300 {
			switch rnd.Intn(20) {
			case 0:
				marks = append(marks, saved{b.Mark(), now.clone()})
			case 1:
				if len(marks) > 0 && round%2 == 0 {
					i := rnd.Intn(len(marks))
					b.RollbackTo(marks[i].mark)
					now = marks[i].st.clone()
					marks = marks[:i+1]
					views, moments = nil, nil // those after the mark lose writes
				}
			case 2:
				span := kv.Span{Start: key(), End: key()}
				if v, ok := b.View(span, 0); ok {
					views = append(views, viewed{v, span, now.clone()})
				} else if got := now.dump(span, false); got != "" {
					t.Fatalf("step %d: view says nothing, should be %s", step, got)
				}
			case 6:
				moments = append(moments, moment{b.Moment(), now.clone()})
			case 3, 4, 5:
				k := key()
				b.Delete(k, 1)
				now[string(k)] = ""
			default:
				k, v := key(), fmt.Sprintf("%d-%0*d", step, rnd.Intn(20), 0)
				b.Put(k, []byte(v), 1)
				now[string(k)] = v
			}
		}
		for _, v := range views {
			for _, reverse := range []bool{false, true} {
				if got, want := dump(v.view, reverse), v.st.dump(v.span, reverse); got != want {
					t.Fatalf("round %d: view of %q\n got %s\nwant %s", round, v.span, got, want)
				}
			}
		}
		for _, m := range moments {
			span := kv.Span{Start: []byte{space}, End: []byte{space + 1}}
			if v, ok := b.View(span, m.at); ok {
				if got, want := dump(v, false), m.st.dump(span, false); got != want {
					t.Fatalf("round %d: as of a moment\n got %s\nwant %s", round, got, want)
				}
			}
			for range 20 {
				k := key()
				got, found, known := b.Get(k, m.at)
				if want, ok := m.st[string(k)]; known != ok || found != (want != "") || string(got) != want {
					t.Fatalf("round %d: %q as of a moment: %q, want %q", round, k, got, want)
				}
			}
		}
		n := 0
		b.All(func(k, v []byte, del bool, _ kv.Version) bool {
			n++
			if want, ok := now[string(k)]; !ok || del != (want == "") || string(v) != want {
				t.Fatalf("All: %q = %q, want %q", k, v, want)
			}
			got, found, known := b.Get(k, 0)
			if !known || found == del || string(got) != string(v) {
				t.Fatalf("Get: %q = %q", k, got)
			}
			return true
		})
		if n != len(now) {
			t.Fatalf("All gave %d keys, want %d", n, len(now))
		}
	}
}

func TestRanges(t *testing.T) {
	var b Buffer
	k := func(s string) []byte { return append([]byte{kv.SpaceRows}, s...) }
	b.Put(k("a"), []byte("1"), 1)
	b.Put(k("b"), []byte("1"), 1)
	m := b.Mark()
	b.DeleteRange(kv.Span{Start: k("a"), End: k("c")})
	b.Put(k("b"), []byte("2"), 1)
	check := func(want string) {
		t.Helper()
		got := ""
		for _, s := range []string{"a", "b", "bb", "c"} {
			v, found, known := b.Get(k(s), 0)
			switch {
			case found:
				got += s + string(v) + " "
			case known:
				got += s + "- "
			}
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check("a- b2 bb- ")
	v, _ := b.View(kv.Span{Start: k(""), End: k("z")}, 0)
	if !v.Deleted(k("bb")) || v.Deleted(k("c")) {
		t.Error("Deleted")
	}
	n := 0
	b.All(func(key, _ []byte, _ bool, _ kv.Version) bool { n++; return true })
	if n != 1 {
		t.Error("All should leave out what a later range deletes")
	}
	b.RollbackTo(m)
	check("a1 b1 ")
}

func BenchmarkPut(b *testing.B) {
	for _, order := range []string{"ascending", "random"} {
		b.Run(order, func(b *testing.B) {
			var buf Buffer
			rnd := rand.New(rand.NewSource(1))
			key := make([]byte, 12)
			key[0] = kv.SpaceRows
			value := make([]byte, 100)
			b.ReportAllocs()
			for i := range b.N {
				if i%1_000_000 == 0 {
					buf.Reset()
				}
				n := uint32(i)
				if order == "random" {
					n = rnd.Uint32()
				}
				key[8], key[9], key[10], key[11] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
				buf.Put(key, value, 1)
			}
		})
	}
}

func BenchmarkSmallTransaction(b *testing.B) {
	var buf Buffer
	key, value := []byte("\x02key"), make([]byte, 100)
	b.ReportAllocs()
	for range b.N {
		buf.Put(key, value, 1)
		buf.Reset()
	}
}
