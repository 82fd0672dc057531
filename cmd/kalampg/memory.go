package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// limitMemory makes the garbage collector work harder before the process takes more than three quarters of the machine's or the container's memory, so that what large statements have
// left behind is collected before the system ends the server. GOMEMLIMIT chooses otherwise.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if total := memoryOf(os.ReadFile); total > 0 {
		debug.SetMemoryLimit(total / 4 * 3)
	}
}

// memoryOf gives the bytes that the process may have at most, 0 when the system does not tell.
func memoryOf(read func(string) ([]byte, error)) int64 {
	var total int64
	if text, err := read("/proc/meminfo"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 && fields[0] == "MemTotal:" {
			kB, _ := strconv.ParseInt(fields[1], 10, 64)
			total = kB << 10
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := read(path)
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 && (total == 0 || limit < total) {
			total = limit
		}
	}
	return total
}

// txnBytes is what one transaction may buffer: a sixteenth of the memory, between 256 MiB and 4 GiB: the commit needs as much again for its batch, the log and the memtable. Larger ones are refused while they are written, and the server lives on.
func txnBytes() int {
	const least, most = 256 << 20, 4 << 30
	if total := memoryOf(os.ReadFile); total > 0 {
		return int(min(max(total/16, least), most))
	}
	return 0
}
