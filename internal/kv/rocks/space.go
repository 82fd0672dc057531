package rocks

import (
	"fmt"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// space refuses commits while the disk is nearly full. RocksDB 7.8 must not come to the end of it: after a failed append to its log nothing
// can be written any more until the store is opened again, and its assertions may end the process. A refused commit is harmless, and
// with space made the next one goes through.
type space struct {
	dir     string
	reserve int64
	budget  int64 // what may still be written before the next look
	looked  time.Time
}

// lookEvery bounds for how long others may fill the disk unnoticed.
const lookEvery = 50 * time.Millisecond

// take admits a write of n bytes.
func (s *space) take(n int64) error {
	n *= 2 // the log now, and a table later
	if s.budget >= n && time.Since(s.looked) < lookEvery {
		s.budget -= n
		return nil
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return nil // then RocksDB has to find out
	}
	s.looked = time.Now()
	free := int64(st.Bavail) * int64(st.Bsize)
	s.budget = (free-s.reserve)/2 - n
	if s.budget < 0 {
		return fmt.Errorf("%w: %d MiB left for %s, of which %d are kept in reserve", kv.ErrDiskFull, free>>20, s.dir, s.reserve>>20)
	}
	return nil
}
