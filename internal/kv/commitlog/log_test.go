package commitlog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// faultyFS is the real file system with faults.
type faultyFS struct {
	OS
	datasync error // of the next Datasync
	write    error // of every write beyond what is allocated
	overlay  error // of every write
	syncs    int
}

type faultyFile struct {
	File
	fs *faultyFS
}

func (fs *faultyFS) wrap(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return faultyFile{f, fs}, nil
}

func (fs *faultyFS) Create(name string) (File, error) { return fs.wrap(fs.OS.Create(name)) }
func (fs *faultyFS) Edit(name string) (File, error)   { return fs.wrap(fs.OS.Edit(name)) }

func (f faultyFile) Datasync() error {
	f.fs.syncs++
	if err := f.fs.datasync; err != nil {
		f.fs.datasync = nil
		return err
	}
	return f.File.Datasync()
}

func (f faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if f.fs.overlay != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at)
		return n, f.fs.overlay
	}
	if size, err := f.Size(); f.fs.write != nil && err == nil && at+int64(len(b)) > size {
		return 0, f.fs.write
	}
	return f.File.WriteAt(b, at)
}

const testSegment = 4 << 10

type harness struct {
	*Log
	t    *testing.T
	dir  string
	o    Options
	seen []string
}

func (h *harness) open(applied kv.Version) error {
	h.seen = nil
	l, err := Open(h.dir, applied, h.o, func(r Record) error {
		text := fmt.Sprintf("%d:%s", r.Version, shorten(r.Batch))
		for _, c := range r.Changes {
			text += "+" + shorten(c)
		}
		h.seen = append(h.seen, text)
		return nil
	})
	h.Log = l
	return err
}

func shorten(b []byte) string {
	if len(b) > 8 {
		return fmt.Sprintf("%s*%d", b[:1], len(b))
	}
	return string(b)
}

func start(t *testing.T, o Options) *harness {
	t.Helper()
	if o.SegmentBytes == 0 {
		o.SegmentBytes = testSegment
	}
	h := &harness{t: t, dir: t.TempDir(), o: o}
	t.Cleanup(func() {
		if h.Log != nil && h.preparing {
			<-h.spares // before the directory goes
		}
	})
	if err := h.open(0); err != nil {
		t.Fatal(err)
	}
	return h
}

func record(v kv.Version, batch string, changes ...string) Record {
	r := Record{Version: v, Time: time.Unix(int64(v), 0), Batch: []byte(batch)}
	for _, c := range changes {
		r.Changes = append(r.Changes, []byte(c))
	}
	return r
}

func (h *harness) add(sync bool, records ...Record) {
	h.t.Helper()
	if err := h.Append(records, sync); err != nil {
		h.t.Fatal(err)
	}
}

// fill appends synced records of versions from to to, of n bytes each.
func (h *harness) fill(from, to kv.Version, n int) {
	h.t.Helper()
	for v := from; v <= to; v++ {
		h.add(true, record(v, strings.Repeat("x", n), fmt.Sprint("c", v)))
	}
}

// crash leaves the log as it is on disk and opens it anew.
func (h *harness) crash(applied kv.Version) error {
	h.t.Helper()
	if h.preparing {
		h.spares <- <-h.spares // its file is whole
	}
	return h.open(applied)
}

func (h *harness) want(list ...string) {
	h.t.Helper()
	if got, want := strings.Join(h.seen, " "), strings.Join(list, " "); got != want {
		h.t.Errorf("replayed\n got %s\nwant %s", got, want)
	}
}

// current is the segment that is written to.
func (h *harness) current() string { return h.segments[len(h.segments)-1].name }

func (h *harness) edit(name string, at int64, f func(b []byte)) {
	h.t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		h.t.Fatal(err)
	}
	f(data[at:])
	if err := os.WriteFile(name, data, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func TestReplay(t *testing.T) {
	h := start(t, Options{})
	h.want()
	h.add(true, record(1, "one"), record(2, "two", "a", "", "b"))
	h.add(false, record(5, "", "only"))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.open(0); err != nil {
		t.Fatal(err)
	}
	h.want("1:one", "2:two+a++b", "5:+only")
	h.add(true, record(6, "six"))
	if err := h.crash(2); err != nil {
		t.Fatal(err)
	}
	h.want("5:+only", "6:six")
	if h.Last() != 6 {
		t.Error("last", h.Last())
	}
	if err := h.crash(9); err != nil { // the engine had more
		t.Fatal(err)
	}
	h.want()
	if h.Last() != 9 {
		t.Error("last", h.Last())
	}
	h.add(true, record(10, "ten"))
	if err := h.crash(9); err != nil {
		t.Fatal(err)
	}
	h.want("10:ten")
	if err := Verify(h.dir, nil); err != nil {
		t.Error(err)
	}
}

// A record larger than a segment, and parts too large to be copied.
func TestLargeRecords(t *testing.T) {
	h := start(t, Options{})
	big := bytes.Repeat([]byte("b"), 3*direct+5)
	h.add(true, record(1, "small"))
	h.add(true, Record{Version: 2, Batch: big, Changes: [][]byte{big, []byte("c")}}, record(3, "behind"))
	h.add(true, record(4, "next"))
	if err := h.crash(0); err != nil {
		t.Fatal(err)
	}
	h.want("1:small", "2:b*393221+b*393221+c", "3:behind", "4:next")
}

// The tail of a write that did not get to the disk whole is dropped; what was acknowledged before it stays.
func TestTornTail(t *testing.T) {
	for _, cut := range []int64{1, recordHeader - 1, recordHeader + 3, recordHeader + 90} {
		h := start(t, Options{KeepBytes: 1 << 20})
		h.fill(1, 3, 100)
		at := h.end
		h.add(false, record(4, strings.Repeat("y", 100)), record(5, strings.Repeat("z", 100)))
		h.edit(h.current(), at, func(b []byte) { clear(b[cut:]) })
		if err := h.crash(0); err != nil {
			t.Fatal(err)
		}
		h.want("1:x*100+c1", "2:x*100+c2", "3:x*100+c3")
		// The first half lost, the second one there: sectors are written in any order.
		h.fill(4, 4, 100)
		at = h.end
		h.add(false, record(5, strings.Repeat("y", 100)), record(6, strings.Repeat("z", 100)))
		h.edit(h.current(), at, func(b []byte) { clear(b[:cut]) })
		if err := h.crash(3); err != nil {
			t.Fatal(err)
		}
		h.want("4:x*100+c4")
		// What lies behind the tail is never found again.
		h.add(true, record(5, strings.Repeat("n", 100)))
		if err := h.crash(0); err != nil {
			t.Fatal(err)
		}
		h.want("1:x*100+c1", "2:x*100+c2", "3:x*100+c3", "4:x*100+c4", "5:n*100")
	}
}

// A flipped bit before an acknowledged commit is refused, with file and offset.
func TestFlippedBit(t *testing.T) {
	seed := int64(1)
	rnd := rand.New(rand.NewSource(seed))
	for range 40 {
		h := start(t, Options{KeepBytes: 1 << 20})
		h.fill(1, 60, 100) // several segments
		files, _ := filepath.Glob(filepath.Join(h.dir, "*.log"))
		file := files[rnd.Intn(len(h.segments))]
		end := int64(testSegment)
		if file == h.current() {
			end = h.end
		}
		last := int64(padded(recordHeader + 100 + 4)) // the last record of all cannot be told from a torn one
		at := rnd.Int63n(end)
		if file == h.current() && at >= end-last {
			continue
		}
		bit := byte(1) << rnd.Intn(8)
		var before byte
		h.edit(file, at, func(b []byte) { before = b[0]; b[0] ^= bit })
		err := h.crash(0)
		if err == nil {
			if padding(t, h, file, at) {
				continue
			}
			t.Fatalf("seed %d: %s, offset %d: byte %x with bit %x flipped went unnoticed", seed, file, at, before, bit)
		}
		if !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), file) && !strings.Contains(err.Error(), "begins after") || !strings.Contains(err.Error(), "offset") && !strings.Contains(err.Error(), "begins after") {
			t.Fatalf("seed %d, %s offset %d: %v", seed, file, at, err)
		}
		if err := Verify(h.dir, nil); !errors.Is(err, kv.ErrCorrupt) && !strings.Contains(err.Error(), "begins after") {
			t.Error("Verify:", err)
		}
	}
}

// padding tells whether a byte belongs to no record: the bytes between records, and behind the last one of a segment.
func padding(t *testing.T, h *harness, file string, at int64) bool {
	n, _ := numberOf(filepath.Base(file))
	s, err := openSegment(OS{}, file, n)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for {
		from := s.at
		hd, _, ok, err := s.next()
		if err != nil || !ok {
			return err == nil && at >= from
		}
		if at >= from+recordHeader+int64(hd.length) && at < s.at {
			return true
		}
	}
}

func TestFailedSync(t *testing.T) {
	fs := &faultyFS{}
	h := start(t, Options{FS: fs})
	h.fill(1, 2, 10)
	broken := errors.New("the disk is gone")
	fs.datasync = broken
	for range 2 { // once broken, always broken
		if err := h.Append([]Record{record(3, "lost")}, true); !errors.Is(err, kv.ErrBroken) || !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if err := h.Sync(); !errors.Is(err, kv.ErrBroken) {
		t.Error(err)
	}
	h.Close()
	if err := h.open(0); err != nil {
		t.Fatal(err)
	}
	if len(h.seen) < 2 {
		t.Error("what was acknowledged is lost:", h.seen)
	}
	h.Close()

	fs = &faultyFS{}
	h = start(t, Options{FS: fs})
	h.add(false, record(1, "unsynced"))
	fs.datasync = broken
	if err := h.Sync(); !errors.Is(err, kv.ErrBroken) {
		t.Error(err)
	}
}

func TestDiskFull(t *testing.T) {
	fs := &faultyFS{}
	h := start(t, Options{FS: fs})
	h.fill(1, 1, 100)
	h.spares <- <-h.wait() // nothing is under way while the fault is set
	fs.write = syscall.ENOSPC
	v := kv.Version(2)
	var err error
	for ; err == nil; v++ {
		err = h.Append([]Record{record(v, strings.Repeat("x", 500))}, true)
	}
	v--
	if !errors.Is(err, kv.ErrDiskFull) || errors.Is(err, kv.ErrBroken) {
		t.Fatal(err)
	}
	if err := h.Append([]Record{record(v, strings.Repeat("x", 2*testSegment))}, true); !errors.Is(err, kv.ErrDiskFull) {
		t.Fatal("a record that needs a larger file:", err)
	}
	fs.write = nil
	for err = kv.ErrDiskFull; err != nil; {
		if err = h.Append([]Record{record(v, "after")}, true); err != nil && !errors.Is(err, kv.ErrDiskFull) {
			t.Fatal(err)
		}
	}
	if err := h.crash(v - 1); err != nil {
		t.Fatal(err)
	}
	h.want(fmt.Sprintf("%d:after", v))

	// A file system that has no room even to overwrite: the group is taken back.
	h.fill(v+1, v+1, 10)
	fs.overlay = syscall.ENOSPC
	h.o.FS = fs
	if err := h.Append([]Record{record(v+2, strings.Repeat("p", 200))}, true); err == nil {
		t.Fatal("no error")
	}
	fs.overlay = nil
	if err := h.crash(v); err != nil {
		t.Fatal(err)
	}
	h.want(fmt.Sprintf("%d:x*10+c%d", v+1, v+1))
}

// wait gives the channel of spares after the one under way is there.
func (h *harness) wait() chan spare {
	h.prepare()
	return h.spares
}

// A group that is taken back is not found again, whatever is written afterwards.
func TestUndo(t *testing.T) {
	h := start(t, Options{})
	h.fill(1, 2, 10)
	h.add(true, record(3, "no"), record(4, strings.Repeat("n", 300)))
	if err := h.Undo(); err != nil || h.Last() != 2 {
		t.Fatal(err, h.Last())
	}
	if err := h.crash(0); err != nil {
		t.Fatal(err)
	}
	h.want("1:x*10+c1", "2:x*10+c2")
	h.add(true, record(3, "no")) // the first of its segment
	if err := h.Undo(); err != nil {
		t.Fatal(err)
	}
	h.add(true, record(3, "yes"))
	if err := h.crash(0); err != nil {
		t.Fatal(err)
	}
	h.want("1:x*10+c1", "2:x*10+c2", "3:yes")
}

// Segments that nobody needs are used again, and their old records stay dead.
func TestRecycling(t *testing.T) {
	h := start(t, Options{})
	for v := kv.Version(1); v <= 400; v++ {
		h.add(v%3 != 0, record(v, strings.Repeat("r", 200)))
		if v%10 == 0 {
			h.Applied(v - 5)
		}
	}
	files, _ := filepath.Glob(filepath.Join(h.dir, "*"))
	if len(files) > 8 {
		t.Errorf("%d files: %v", len(files), files)
	}
	if h.number < 20 {
		t.Error("only", h.number, "segments")
	}
	if err := h.crash(395); err != nil {
		t.Fatal(err)
	}
	h.want("396:r*200", "397:r*200", "398:r*200", "399:r*200", "400:r*200")
	h.add(true, record(401, "new"))
	if err := h.crash(400); err != nil {
		t.Fatal(err)
	}
	h.want("401:new")
}

// A crash between letting go of several segments and using them again leaves no hole that a check takes for damage.
func TestSegmentsThatWaitForTheirNextUse(t *testing.T) {
	h := start(t, Options{KeepBytes: 1 << 20})
	h.fill(1, 200, 200)
	if len(h.segments) <= maxFree+2 {
		t.Fatal("too few segments")
	}
	h.keep = 0
	h.Applied(200) // more than are kept for another use: the others are removed
	if err := Verify(h.dir, nil); err != nil {
		t.Error(err)
	}
	if err := h.crash(200); err != nil {
		t.Error(err)
	}
	if err := Verify(h.dir, nil); err != nil {
		t.Error(err)
	}
}

// A log that begins after what the engine has is no log to begin with.
func TestMissingSegments(t *testing.T) {
	h := start(t, Options{KeepBytes: 1 << 20})
	h.fill(1, 100, 100)
	name := h.segments[1].name
	first := h.segments[0].name
	if err := os.Rename(name, name+".away"); err != nil {
		t.Fatal(err)
	}
	if err := h.crash(0); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), first) {
		t.Error("a segment in the middle:", err)
	}
	os.Remove(first)
	if err := h.open(0); !errors.Is(err, kv.ErrCorrupt) {
		t.Error("the first segment:", err)
	}
	if err := h.open(99); err != nil {
		t.Error("what is missing is not needed:", err)
	}
}

func (h *harness) changes(r *Reader, limit kv.Version) string {
	h.t.Helper()
	out := ""
	for {
		c, ok, err := r.Next(limit)
		if err != nil {
			h.t.Fatal(err)
		}
		if !ok {
			return out
		}
		out += fmt.Sprintf("%d", c.Version)
		for _, b := range c.Records {
			out += "+" + string(b)
		}
		out += " "
	}
}

func TestReader(t *testing.T) {
	h := start(t, Options{KeepBytes: 3 * testSegment})
	h.fill(1, 3, 10)
	h.add(true, record(4, "silent"))
	r, err := h.Reader(1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := h.changes(r, 2); got != "2+c2 " {
		t.Error(got)
	}
	if got := h.changes(r, 4); got != "3+c3 " || r.After() != 4 {
		t.Error(got, r.After())
	}
	h.fill(5, 5, 10)
	if got := h.changes(r, 5); got != "5+c5 " {
		t.Error("follows:", got)
	}
	slow, err := h.Reader(5)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	for v := kv.Version(6); v <= 200; v++ {
		h.fill(v, v, 200)
		if got, want := h.changes(r, v), fmt.Sprintf("%d+c%d ", v, v); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		h.Applied(v)
	}
	if _, _, err := slow.Next(200); !errors.Is(err, kv.ErrTooOld) {
		t.Error("a reader whose place is gone:", err)
	}
	if _, err := h.Reader(3); !errors.Is(err, kv.ErrTooOld) {
		t.Error(err)
	}
	if err := h.crash(200); err != nil {
		t.Fatal(err)
	}
	r2, err := h.Reader(198)
	if err != nil {
		t.Fatal(err)
	}
	defer r2.Close()
	if got := h.changes(r2, 200); got != "199+c199 200+c200 " {
		t.Error("after a restart:", got)
	}
	h.fill(201, 201, 10)
	if got := h.changes(r2, 201); got != "201+c201 " {
		t.Error("into the next segment:", got)
	}
	h.edit(h.current(), h.end-32, func(b []byte) { b[0] ^= 1 })
	r3, err := h.Reader(200)
	if err != nil {
		t.Fatal(err)
	}
	defer r3.Close()
	if _, _, err := r3.Next(201); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), h.current()) {
		t.Error("damage:", err)
	}
}

// What the engine had and the log not is a hole in the feed, not damage.
func TestReaderAtHole(t *testing.T) {
	h := start(t, Options{KeepBytes: 1 << 20})
	h.fill(1, 3, 10)
	if err := h.crash(7); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := h.Reader(2)
		if err != nil {
			t.Fatal(err)
		}
		if c, ok, err := r.Next(7); err != nil || !ok || c.Version != 3 {
			t.Error(c, ok, err)
		}
		if _, _, err := r.Next(7); !errors.Is(err, kv.ErrTooOld) {
			t.Error(err)
		}
		r.Close()
		h.fill(h.Last()+1, h.Last()+1, 10)
	}
	if err := h.crash(7); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{200, 2000, 1 << 20} {
		b.Run(fmt.Sprint("bytes=", size), func(b *testing.B) {
			l, err := Open(b.TempDir(), 0, Options{}, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			group := []Record{{Batch: make([]byte, size)}}
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for i := range b.N {
				group[0].Version = kv.Version(i + 1)
				if err := l.Append(group, false); err != nil {
					b.Fatal(err)
				}
				l.Applied(kv.Version(i))
			}
		})
	}
}
