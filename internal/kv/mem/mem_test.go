package mem

import (
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/kvtest"
)

func TestConformance(t *testing.T) {
	backings := map[string]*Backing{} // what stands for data directories
	kvtest.Run(t, func(t *testing.T, dir string) kv.Store {
		if backings[dir] == nil {
			backings[dir] = new(Backing)
		}
		return Open(backings[dir])
	})
}
