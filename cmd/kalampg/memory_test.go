package main

import (
	"os"
	"testing"
)

func TestMemoryOf(t *testing.T) {
	for _, test := range []struct {
		files map[string]string
		want  int64
	}{
		{map[string]string{"/proc/meminfo": "MemTotal:       1024 kB\nMemFree: 1 kB\n"}, 1 << 20},
		{map[string]string{"/proc/meminfo": "MemTotal:       1024 kB\n", "/sys/fs/cgroup/memory.max": "4096\n"}, 4096},
		{map[string]string{"/proc/meminfo": "MemTotal:       1024 kB\n", "/sys/fs/cgroup/memory.max": "max\n"}, 1 << 20},
		{map[string]string{"/proc/meminfo": "MemTotal: 1 kB\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 1 << 10},
		{nil, 0},
	} {
		got := memoryOf(func(path string) ([]byte, error) {
			if text, ok := test.files[path]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		})
		if got != test.want {
			t.Errorf("%v: %d", test.files, got)
		}
	}
}
