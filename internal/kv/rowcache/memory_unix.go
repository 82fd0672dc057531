//go:build unix

package rowcache

import "syscall"

// allocate takes memory that the collector neither scans nor counts. Pages are taken from the system when they are first written.
func allocate(n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	return b
}

func release(b []byte) { _ = syscall.Munmap(b) } // not from Mmap: an error, and the collector has it
