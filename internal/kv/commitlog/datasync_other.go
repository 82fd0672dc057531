//go:build !linux

package commitlog

import "syscall"

func datasync(fd int) error { return syscall.Fsync(fd) }
