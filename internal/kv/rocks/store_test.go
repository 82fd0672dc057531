package rocks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

var bg = context.Background()

func row(format string, args ...any) []byte {
	return append([]byte{kv.SpaceRows}, fmt.Sprintf(format, args...)...)
}

func put(t testing.TB, s kv.Store, key, value []byte) kv.Version {
	t.Helper()
	x, err := s.Begin(bg, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Put(key, value); err != nil {
		t.Fatal(err)
	}
	v, err := x.Commit(bg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func get(t testing.TB, s kv.Store, key []byte) (string, bool) {
	t.Helper()
	x, err := s.Begin(bg, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Rollback()
	var b kv.Batch
	if err := x.Get(bg, [][]byte{key}, &b, kv.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	return string(b.Value(0)), b.Found(0)
}

func TestPowers(t *testing.T) {
	var s kv.Store = open(t, t.TempDir())
	for name, ok := range map[string]bool{
		"ChangeSource": is[kv.ChangeSource](s), "Checkpointer": is[kv.Checkpointer](s), "Observer": is[kv.Observer](s), "Locker": is[kv.Locker](s), "Prober": is[kv.Prober](s),
	} {
		if !ok {
			t.Error("not a", name)
		}
	}
}

func is[T any](s kv.Store) bool { _, ok := s.(T); return ok }

func TestLockedDirectory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := Open(dir, small)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Fatal("second open:", err)
	}
	put(t, s, row("a"), nil)
	s.Close()
	open(t, dir)
}

func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.e.mark(FormatVersion+1, s.Visible()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for range 2 { // a refused open leaves nothing locked
		if _, err := Open(dir, small); !errors.Is(err, kv.ErrNewerFormat) {
			t.Fatal(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, small); err == nil {
		t.Error("opened a file")
	}
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, row("a"), []byte("1"))
	s.Close()
	list, _ := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
	for _, f := range list {
		if err := os.WriteFile(f, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, small); !errors.Is(err, kv.ErrCorrupt) {
		t.Error("damaged manifest:", err)
	}
}

func TestCorruptBlock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 100 {
		put(t, s, row("%04d", i), bytes.Repeat([]byte{byte(i)}, 500))
	}
	s.Close()
	open(t, dir).Close() // recovery writes tables
	files, _ := filepath.Glob(filepath.Join(dir, "*.sst"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		data[100] ^= 0xff
		if err := os.WriteFile(f, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir)
	x, _ := s.Begin(bg, kv.TxnOptions{})
	defer x.Rollback()
	var b kv.Batch
	if err := x.Get(bg, [][]byte{row("0001")}, &b, kv.GetOptions{}); !errors.Is(err, kv.ErrCorrupt) {
		t.Error("get:", err)
	}
	c, err := x.Scan(bg, kv.PrefixSpan([]byte{kv.SpaceRows}), kv.ScanOptions{})
	if err == nil {
		_, err = c.Next(bg, &b)
		c.Close()
	}
	if !errors.Is(err, kv.ErrCorrupt) {
		t.Error("scan:", err)
	}
}

func TestCheckpoint(t *testing.T) {
	s := open(t, t.TempDir())
	var last kv.Version
	for i := range 50 {
		last = put(t, s, row("%d", i), []byte("x"))
	}
	for _, made := range []bool{true, false} {
		dir := filepath.Join(t.TempDir(), "copy")
		if made {
			os.Mkdir(dir, 0o700)
		}
		if err := s.Checkpoint(bg, dir); err != nil {
			t.Fatal(err)
		}
		put(t, s, row("later"), nil)
		c := open(t, dir)
		if _, found := get(t, c, row("49")); !found {
			t.Error("a row is missing in the copy")
		}
		if made {
			if _, found := get(t, c, row("later")); found {
				t.Error("a later row is in the copy")
			}
			if v := c.Visible(); v != last {
				t.Errorf("the copy is at version %d, not %d", v, last)
			}
		}
		if err := s.Checkpoint(bg, dir); err == nil {
			t.Error("checkpoint into a full directory")
		}
	}
}

func TestMetrics(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, row("a"), []byte("1"))
	seen := map[string]float64{}
	for _, m := range s.Metrics() {
		seen[m.Name] = m.Value
	}
	if seen["kv_commits_total"] != 1 || seen["kv_syncs_total"] != 1 || seen["rocksdb_memtable_bytes"] == 0 {
		t.Error(seen)
	}
}

// A full disk refuses commits with kv.ErrDiskFull, keeps what was acknowledged, and takes commits again once there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Skip("cannot mount a small file system here:", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "data"))
	value := make([]byte, 100_000)
	rand.New(rand.NewSource(1)).Read(value)
	var err error
	n := 0
	for ; n < 2000 && err == nil; n++ {
		x, berr := s.Begin(bg, kv.TxnOptions{})
		if berr != nil {
			t.Fatal(berr)
		}
		x.Put(row("%04d", n), value)
		_, err = x.Commit(bg)
	}
	n--
	t.Logf("full after %d commits: %v", n, err)
	if !errors.Is(err, kv.ErrDiskFull) {
		t.Fatal("not recognised as a full disk")
	}
	if _, found := get(t, s, row("%04d", n-1)); !found {
		t.Error("an acknowledged row cannot be read")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for {
		x, _ := s.Begin(bg, kv.TxnOptions{})
		x.Put(row("after"), []byte("1"))
		if _, err = x.Commit(bg); err == nil {
			break
		}
		if !errors.Is(err, kv.ErrDiskFull) || time.Since(start) > 30*time.Second {
			t.Fatal("after making room:", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("commits again %v after there is room", time.Since(start))
	s.Close()
	s = open(t, filepath.Join(dir, "data"))
	for i := range n {
		if v, found := get(t, s, row("%04d", i)); !found || v != string(value) {
			t.Fatalf("row %d of %d is lost", i, n)
		}
	}
	if _, found := get(t, s, row("%04d", n)); found {
		t.Error("the refused row is there")
	}
	if _, found := get(t, s, row("after")); !found {
		t.Error("the row after the recovery is lost")
	}
	s.Close()
}

const crashDir = "KALAMPG_CRASH_DIR"

// TestCrash runs itself in a process that commits and prints what was acknowledged, kills it, and looks for all of it.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashWriter(dir)
		return
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestCrash$")
		cmd.Env = append(os.Environ(), crashDir+"="+dir, fmt.Sprintf("KALAMPG_CRASH_ROUND=%d", round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := readAcknowledged(out, acknowledged, 150+50*round)
		cmd.Process.Kill()
		n += readAcknowledged(out, acknowledged, 1<<30)
		cmd.Wait()
		s := open(t, dir)
		for key := range acknowledged {
			for _, k := range [][]byte{row("%s", key), append([]byte{kv.SpaceIndex}, key...)} {
				x, _ := s.Begin(bg, kv.TxnOptions{})
				var b kv.Batch
				if err := x.Get(bg, [][]byte{k}, &b, kv.GetOptions{}); err != nil || !b.Found(0) || string(b.Value(0)) != key {
					t.Fatalf("round %d: acknowledged key %q: %q, %v", round, k, b.Value(0), err)
				}
				x.Rollback()
			}
		}
		s.Close()
		t.Logf("round %d: %d acknowledged", round, n)
	}
}
