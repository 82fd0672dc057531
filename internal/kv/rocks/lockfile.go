package rocks

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// LockedError says that another process has the data directory open.
type LockedError struct {
	Dir string
	PID int // 0 when it is not known
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("data directory %q is in use by process %d", e.Dir, e.PID)
}

// lockName is the file that a running store holds locked. It stays behind; what counts is the lock, which ends with the process.
const lockName = "kalampg.lock"

// lockDir takes the directory for this process. The file must stay referenced: closing it gives the lock up.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if err != syscall.EWOULDBLOCK {
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		text, _ := io.ReadAll(io.LimitReader(f, 32))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &LockedError{Dir: dir, PID: pid}
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ownFiles are the names that a store's directory may hold before it is complete: a first start may have been interrupted. lost+found is the file system's own.
var ownFiles = regexp.MustCompile(`^(kalampg\.lock|LOCK|LOG.*|OPTIONS-.*|IDENTITY|MANIFEST-.*|CURRENT|[0-9]+\.(log|sst|dbtmp)|lost\+found)$`)

// checkOwn refuses a directory that holds something else than a store.
func checkOwn(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "CURRENT")); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !ownFiles.MatchString(e.Name()) {
			return fmt.Errorf("directory %q is not empty and is no data directory: it holds %q", dir, e.Name())
		}
	}
	return nil
}
