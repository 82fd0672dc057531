package rocks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
	"github.com/kalampg/kalampg/internal/kv/txn"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// image copies a store's directory as a crash would leave it. Nothing writes meanwhile.
func image(t *testing.T, s *Store, dir string) string {
	t.Helper()
	if err := s.e.db.DisableFileDeletions(); err != nil {
		t.Fatal(err)
	}
	defer s.e.db.EnableFileDeletions(true)
	to := filepath.Join(t.TempDir(), "image")
	if out, err := exec.Command("cp", "-r", dir, to).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	return to
}

// A commit in the log that never reached RocksDB is there after a crash.
func TestCrashBetweenLogAndApply(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, row("a"), []byte("1"))
	last := s.Visible()
	var b writebuf.Buffer
	b.Put(row("b"), []byte("2"), 0)
	b.Delete(row("a"), 0)
	w := s.e.Prepare(&b).(*writes)
	w.stamp(last + 1)
	setCount(w.rep, w.count)
	if err := s.e.log.Append([]commitlog.Record{{Version: last + 1, Time: time.Now(), Batch: w.rep, Changes: [][]byte{[]byte("changed")}}}, true); err != nil {
		t.Fatal(err)
	}
	if _, found := get(t, s, row("b")); found {
		t.Fatal("applied already")
	}
	after := image(t, s, dir)
	for range 2 {
		r := open(t, after)
		if v, found := get(t, r, row("b")); !found || v != "2" {
			t.Error("the logged commit is lost")
		}
		if _, found := get(t, r, row("a")); found {
			t.Error("the logged delete is lost")
		}
		if r.Visible() != last+1 {
			t.Error("version", r.Visible(), "after", last)
		}
		c, err := r.Changes(last)
		if err != nil {
			t.Fatal(err)
		}
		if change, err := c.Next(bg); err != nil || string(change.Records[0]) != "changed" {
			t.Error(change, err)
		}
		c.Close()
		r.Close()
	}
}

// A crash while RocksDB writes tables: the tables are there, the manifest does not name them.
func TestCrashInFlush(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 200 {
		x, _ := s.Begin(bg, kv.TxnOptions{NoSync: true})
		x.Put(row("%d", i), bytes.Repeat([]byte("x"), 1000))
		x.Put(append([]byte{kv.SpaceIndex}, fmt.Sprint(i)...), nil)
		if _, err := x.Commit(bg); err != nil {
			t.Fatal(err)
		}
	}
	before := image(t, s, dir)
	if err := s.e.native.flush(true); err != nil {
		t.Fatal(err)
	}
	tables, _ := filepath.Glob(filepath.Join(dir, "*.sst"))
	for i, name := range tables {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(tables)-1 {
			data = data[:len(data)/2] // still being written
		}
		if err := os.WriteFile(filepath.Join(before, filepath.Base(name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, before)
	for i := range 200 {
		if _, found := get(t, r, row("%d", i)); !found {
			t.Fatal("row", i, "is lost")
		}
		if _, found := get(t, r, append([]byte{kv.SpaceIndex}, fmt.Sprint(i)...)); !found {
			t.Fatal("entry", i, "is lost")
		}
	}
	if r.Visible() != s.Visible() {
		t.Error("version", r.Visible())
	}
}

// A damaged log is refused with the file's name.
func TestDamagedLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 10 {
		put(t, s, row("%d", i), []byte("value"))
	}
	broken := image(t, s, dir)
	files, _ := filepath.Glob(filepath.Join(broken, logDir, "*.log"))
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte("value"))] ^= 1
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(broken, small); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), files[0]) || !strings.Contains(err.Error(), "offset") {
		t.Error(err)
	}
}

// The log is given back as tables are written, and a rarely written family does not keep it.
func TestLogStaysShort(t *testing.T) {
	o := small
	o.MaxLogBytes = 4 << 20
	s, err := Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	value := make([]byte, 1000)
	for i := range 40_000 {
		x, _ := s.Begin(bg, kv.TxnOptions{NoSync: true})
		x.Put(row("%d", i%10), value)
		x.Emit(value)
		if _, err := x.Commit(bg); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	all, live := s.e.log.Sizes()
	t.Logf("%d KiB, %d of them for recovery", all>>10, live>>10)
	if all > 32<<20 || live > 20<<20 {
		t.Error("the log grows")
	}
}

// A directory of format 1 has everything in RocksDB, whose sequence numbers are the versions.
func TestUpgrade(t *testing.T) {
	dir := t.TempDir()
	o := grocksdb.NewDefaultOptions()
	o.SetCreateIfMissing(true)
	o.SetCreateIfMissingColumnFamilies(true)
	db, families, err := grocksdb.OpenDbColumnFamilies(o, dir, familyNames[:], []*grocksdb.Options{o, o, o, o})
	if err != nil {
		t.Fatal(err)
	}
	w := grocksdb.NewDefaultWriteOptions()
	versioned := func(v uint64, value []byte) []byte { return append(binary.BigEndian.AppendUint64(nil, v), value...) }
	db.PutCF(w, families[familyMeta], formatKey, versioned(1, []byte{0, 0, 0, 1}))
	for i := range 100 {
		if err := db.PutCF(w, families[familyRows], row("%d", i), versioned(uint64(i+2), []byte("old"))); err != nil {
			t.Fatal(err)
		}
	}
	last := kv.Version(db.GetLatestSequenceNumber())
	for _, f := range families {
		f.Destroy()
	}
	db.Close()
	s := open(t, dir)
	if s.Visible() < last {
		t.Errorf("version %d, was %d", s.Visible(), last)
	}
	if v := put(t, s, row("new"), []byte("new")); v <= last {
		t.Error("new version", v)
	}
	s.Close()
	s = open(t, dir)
	for i := range 100 {
		if v, found := get(t, s, row("%d", i)); !found || v != "old" {
			t.Fatal("row", i, "is lost")
		}
	}
	if _, found := get(t, s, row("new")); !found {
		t.Error("the new row is lost")
	}
}

// Commits that were never synced may be lost, all families to the same moment.
func TestLostLog(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, row("a"), []byte("1"))
	x, _ := s.Begin(bg, kv.TxnOptions{NoSync: true})
	x.Put(row("b"), []byte("2"))
	v, err := x.Commit(bg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.e.native.flush(true); err != nil { // the tables are ahead of the synced log
		t.Fatal(err)
	}
	after := image(t, s, dir)
	files, _ := filepath.Glob(filepath.Join(after, logDir, "*.log"))
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, row("b"))
	clear(data[at-80 : at+200])
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, after)
	if _, found := get(t, r, row("b")); !found || r.Visible() != v {
		t.Error("what is in tables is lost:", r.Visible(), v)
	}
	if w := put(t, r, row("c"), nil); w != v+1 {
		t.Error(w)
	}
	if _, err := r.Changes(v - 1); err == nil {
		t.Log("the feed begins before the hole; a reader is told when it comes to it")
	}
	r.Close()
	open(t, after)
}

// A group that RocksDB refuses after it was logged does not come back at the next start.
func TestRefusedByRocksDB(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, row("a"), []byte("1"))
	var b writebuf.Buffer
	b.Put(row("b"), []byte("2"), 0)
	w := s.e.Prepare(&b).(*writes)
	w.count += 7 // more than there are
	if err := s.e.Apply([]*txn.Commit{{Writes: w, Version: s.Visible() + 1, Time: time.Now()}}, true); !errors.Is(err, kv.ErrBroken) {
		t.Fatal(err)
	}
	r := open(t, image(t, s, dir))
	if _, found := get(t, r, row("a")); !found {
		t.Error("an acknowledged commit is lost")
	}
	if _, found := get(t, r, row("b")); found || r.Visible() != s.Visible() {
		t.Error("the refused commit is there")
	}
}
