package exec

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/exec/run"
)

// vectorise are the values of kalam.vectorize.
var vectorise = map[string]run.Vectorise{"on": run.VectoriseLarge, "off": run.VectoriseNever, "force": run.VectoriseAlways}

// Vectorise implements run.Settings.
func (s *Session) Vectorise() run.Vectorise { return vectorise[s.settings.Quick().Vectorize] }

// QueryMemory implements run.Settings: kalam.query_memory, and without it a quarter of the machine's memory.
func (s *Session) QueryMemory() int64 {
	if kb := s.settings.Int("kalam.query_memory"); kb > 0 {
		return kb << 10
	}
	return machineMemory() / 4
}

// machineMemory is the size of the machine's memory in bytes, some gigabytes where it cannot be told.
var machineMemory = sync.OnceValue(func() int64 {
	info, _ := os.ReadFile("/proc/meminfo")
	for _, line := range strings.Split(string(info), "\n") {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	return 4 << 30
})
