package ssi_test

import (
	"fmt"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/kvtest"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/kv/ssi"
)

func open(t *testing.T, _ string) kv.Store { return mem.New() }

// With bounds so tight that spans are merged and transactions summarised all the time, more fails, but what commits is still serialisable.
func TestTightBounds(t *testing.T) {
	for _, c := range [][3]int{{2, 1000, 1000}, {1000, 2, 1000}, {1000, 1000, 1}, {1000, 1000, 3}, {2, 2, 2}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			defer ssi.SetLimits(c[0], c[1], c[2])()
			kvtest.SerialRandom(t, open)
		})
	}
}

// Nothing stays when nobody is active, and what one long reader keeps is bounded.
func TestMemory(t *testing.T) {
	defer ssi.SetLimits(16, 16, 50)()
	m := new(ssi.Manager)
	version := kv.Version(1)
	begin := func(o ssi.Options) *ssi.Txn { return m.Begin(o, func() kv.Version { return version }) }
	key := func(i int) []byte { return []byte(fmt.Sprintf("%cAAAA%08d", kv.SpaceRows, i)) }
	long := begin(ssi.Options{})
	if err := long.Read([][]byte{key(0)}); err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		x := begin(ssi.Options{})
		for j := range 3 {
			if err := x.Read([][]byte{key(10*i + 1 + j)}); err != nil {
				t.Fatal(err)
			}
			if err := x.Write(key(10*i + 5 + j)); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.Prepare(); err != nil {
			t.Fatal(err)
		}
		version++
		x.Committing(version)
		x.End(true)
	}
	if s := m.Stats(); s.Active != 1 || s.Retained > 50 {
		t.Errorf("%+v", s)
	}
	if n := m.Spans(); n > 50*6+2*16+1 {
		t.Errorf("%d spans are kept", n)
	}
	long.End(false)
	if s := m.Stats(); s.Active != 0 || s.Retained != 0 || m.Spans() != 0 {
		t.Errorf("%+v, %d spans are kept", s, m.Spans())
	}
}
