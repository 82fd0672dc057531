package commitlog

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// File is what the log needs of an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Datasync() error // the data and what is needed to read it
	Size() (int64, error)
	Close() error
}

// FS is what the log needs of a file system; tests put faults into it.
type FS interface {
	Open(name string) (File, error) // for reading
	Create(name string) (File, error)
	Edit(name string) (File, error) // for reading and writing, must exist
	Rename(from, to string) error
	Remove(name string) error
	List(dir string) ([]string, error) // names, sorted
	SyncDir(dir string) error
}

// OS is the real file system.
type OS struct{}

type osFile struct{ f *os.File } // referenced as long as the log is: a collected os.File closes its descriptor

func (f osFile) ReadAt(b []byte, at int64) (int, error)  { return f.f.ReadAt(b, at) }
func (f osFile) WriteAt(b []byte, at int64) (int, error) { return f.f.WriteAt(b, at) }
func (f osFile) Truncate(size int64) error               { return f.f.Truncate(size) }
func (f osFile) Close() error                            { return f.f.Close() }

func (f osFile) Datasync() error {
	for {
		err := datasync(int(f.f.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}

func (f osFile) Size() (int64, error) {
	st, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func wrap(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Open opens a file for reading.
func (OS) Open(name string) (File, error) { return wrap(os.Open(name)) }

// Create makes an empty file.
func (OS) Create(name string) (File, error) {
	return wrap(os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600))
}

// Edit opens a file for writing.
func (OS) Edit(name string) (File, error) { return wrap(os.OpenFile(name, os.O_RDWR, 0o600)) }

// Rename moves a file.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func (OS) Remove(name string) error { return os.Remove(name) }

// List gives the names in a directory, which it makes if need be.
func (OS) List(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// SyncDir makes names durable.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
