package rocks

// #cgo noescape kg_sst_add
// #cgo nocallback kg_sst_add
// #cgo noescape kg_file_iter
// #cgo nocallback kg_file_iter
// #include "bulk.h"
import "C"

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
	"github.com/kalampg/kalampg/internal/kv/txn"
)

// ingestDir is the directory of runs that are not committed yet. What no log record names is garbage, and goes at the next start.
const ingestDir = "ingest"

// runKey begins the engine's keys that name committed runs: number of the run, big-endian. The value's version is the run's.
var runKey = []byte{kv.SpaceMeta, 0, 'r', 'u', 'n'}

const (
	runBit   = 1 << 63
	maxFile  = 64 << 20 // of a table file
	maxRuns  = 4096 * 4096
	runValue = 5 // family, number of files
)

// NewRun begins a run of pairs of one space.
func (e *engine) NewRun(s kv.Space) (bulk.Writer, error) {
	n := e.lastRun.Add(1)
	if n >= maxRuns {
		return nil, kv.ErrUnsuitable
	}
	return &runWriter{run: run{e: e, number: n, family: familyOf([]byte{s})}, space: &space{dir: e.space.dir, reserve: e.space.reserve}}, nil
}

// run is a committed-to-be run.
type run struct {
	e           *engine
	number      uint64
	family      int
	files       []runFile
	n           int
	first, last []byte
	mu          sync.Mutex // opening the files
}

type runFile struct {
	path        string
	first, last []byte
	open        *C.kg_file
}

// runWriter writes a run's files.
type runWriter struct {
	run
	space *space
	sst   *C.kg_sst
}

func (r *run) path(file int) string {
	return filepath.Join(r.e.space.dir, ingestDir, fmt.Sprintf("%d-%d.sst", r.number, file))
}

// Add writes pairs.
func (w *runWriter) Add(slab []byte, offsets []uint32) error {
	if err := w.space.take(int64(len(slab))); err != nil {
		return err
	}
	first, last := keyAt(slab, offsets[0]), keyAt(slab, offsets[len(offsets)-1])
	if w.sst == nil {
		path := w.path(len(w.files))
		var r C.kg_result
		w.sst = C.kg_sst_open(w.e.native.db, C.int(w.family), chars([]byte(path)), C.size_t(len(path)), &r)
		if err := failure(&r); err != nil {
			return err
		}
		w.files = append(w.files, runFile{path: path, first: bytes.Clone(first)})
	}
	var r C.kg_result
	C.kg_sst_add(w.sst, chars(slab), (*C.uint32_t)(&offsets[0]), C.uint32_t(len(offsets)), C.uint64_t(runBit|w.number), &r)
	if err := failure(&r); err != nil {
		return err
	}
	if w.n += len(offsets); w.first == nil {
		w.first = bytes.Clone(first)
	}
	w.last = append(w.last[:0], last...)
	if r.need >= maxFile {
		return w.endFile()
	}
	return nil
}

func keyAt(slab []byte, at uint32) []byte {
	return slab[at+8 : at+8+binary.LittleEndian.Uint32(slab[at:])]
}

func (w *runWriter) endFile() error {
	if w.sst == nil {
		return nil
	}
	w.files[len(w.files)-1].last = bytes.Clone(w.last)
	var r C.kg_result
	C.kg_sst_finish(w.sst, &r)
	w.sst = nil
	return failure(&r)
}

// Finish makes the run durable.
func (w *runWriter) Finish() (bulk.Run, error) {
	err := w.endFile()
	if err == nil {
		err = syncDir(filepath.Join(w.e.space.dir, ingestDir))
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	return &w.run, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Abort removes what was written.
func (w *runWriter) Abort() {
	if w.sst != nil {
		C.kg_sst_abort(w.sst)
		w.sst = nil
	}
	w.Drop()
}

// Bounds is the smallest span of the run.
func (r *run) Bounds() kv.Span {
	return kv.Span{Start: r.first, End: append(bytes.Clone(r.last), 0)}
}

// Len is the number of pairs.
func (r *run) Len() int { return r.n }

// close gives the readers back.
func (r *run) close() {
	for i := range r.files {
		if f := &r.files[i]; f.open != nil {
			C.kg_file_close(f.open)
			f.open = nil
		}
	}
}

// Drop removes the files.
func (r *run) Drop() {
	r.close()
	for _, f := range r.files {
		os.Remove(f.path)
	}
	r.files = nil
}

// reader opens a file for reading, once.
func (r *run) reader(i int) (*C.kg_file, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &r.files[i]
	if f.open == nil {
		var res C.kg_result
		f.open = C.kg_file_open(r.e.native.db, C.int(r.family), chars([]byte(f.path)), C.size_t(len(f.path)), &res)
		if err := failure(&res); err != nil {
			return nil, err
		}
	}
	return f.open, nil
}

// Iter reads the pairs of a span as the transaction's own.
func (r *run) Iter(span kv.Span, o kv.ScanOptions) (bulk.Iter, error) {
	it := &runIter{run: r, o: o, span: kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}}
	for i := range r.files {
		if f := &r.files[i]; bytes.Compare(f.last, span.Start) >= 0 && bytes.Compare(f.first, span.End) < 0 {
			it.files = append(it.files, i)
		}
	}
	return it, nil
}

// Get looks a key up.
func (r *run) Get(key []byte, into *kv.Batch) (bool, error) {
	it, _ := r.Iter(kv.Span{Start: key, End: append(key[:len(key):len(key)], 0)}, kv.ScanOptions{Limit: 1})
	defer it.Close()
	var b kv.Batch
	n, err := it.Next(&b)
	if err != nil || n == 0 {
		return false, err
	}
	into.Append(key, b.Value(0), kv.Pending)
	return true, nil
}

// runIter reads a run's files one behind the other.
type runIter struct {
	run   *run
	span  kv.Span
	o     kv.ScanOptions
	files []int
	rows  *rows
}

// Next fills the batch with the next rows.
func (it *runIter) Next(into *kv.Batch) (int, error) {
	for {
		if it.rows == nil {
			if len(it.files) == 0 {
				into.Reset()
				return 0, nil
			}
			i := it.files[0]
			if it.o.Reverse {
				i = it.files[len(it.files)-1]
				it.files = it.files[:len(it.files)-1]
			} else {
				it.files = it.files[1:]
			}
			f, err := it.run.reader(i)
			if err != nil {
				return 0, err
			}
			it.rows = it.run.e.scan(it.run.family, 0, it.span, it.o)
			it.rows.file = f
		}
		n, err := it.rows.Next(into)
		if n > 0 || err != nil {
			into.SetVersions(kv.Pending)
			runtime.KeepAlive(it.run)
			return n, err
		}
		it.rows.Close()
		it.rows = nil
	}
}

// Close gives the iterator back.
func (it *runIter) Close() {
	if it.rows != nil {
		it.rows.Close()
		it.rows = nil
	}
	it.files = nil
}

// put notes a run in the batch of its commit.
func (w *writes) run(r *run) {
	key := binary.BigEndian.AppendUint64(bytes.Clone(runKey), r.number)
	w.put(key, binary.LittleEndian.AppendUint32([]byte{byte(r.family)}, uint32(len(r.files))))
}

// take takes the files of runs into RocksDB. They must be in the log by then.
func (e *engine) take(runs []*run) error {
	var families []C.int
	var paths []byte
	for family := range familyCount { // those of a family follow each other
		for _, r := range runs {
			if r.family != family {
				continue
			}
			for _, f := range r.files {
				families = append(families, C.int(family))
				paths = append(append(paths, f.path...), 0)
			}
		}
	}
	if len(families) == 0 {
		return nil
	}
	var r C.kg_result
	C.kg_ingest(e.native.db, &families[0], chars(paths), C.uint32_t(len(families)), &r)
	return failure(&r)
}

// runsOf gives the runs of a group.
func runsOf(group []*txn.Commit) (list []*run) {
	for _, c := range group {
		for _, r := range c.Runs {
			list = append(list, r.(*run))
		}
	}
	return list
}

// knowRun says which version the values of a run have.
func (e *engine) knowRun(number uint64, v kv.Version) {
	C.kg_set_version(e.native.db, C.uint64_t(number), C.uint64_t(v))
	if number > e.lastRun.Load() {
		e.lastRun.Store(number)
	}
}

// knownRuns reads the versions of the runs that the tables name.
func (e *engine) knownRuns() error {
	it := e.scan(familyMeta, 0, kv.PrefixSpan(runKey), kv.ScanOptions{})
	defer it.Close()
	var b kv.Batch
	for {
		n, err := it.Next(&b)
		if err != nil || n == 0 {
			return err
		}
		for i := range n {
			if key := b.Key(i); len(key) == len(runKey)+8 {
				e.knowRun(binary.BigEndian.Uint64(key[len(runKey):]), b.Version(i))
			}
		}
	}
}

// retake takes the runs that a logged batch names into RocksDB, unless that was done before the crash: then their files are gone from where they were written.
func (e *engine) retake(batch []byte) error {
	var runs []*run
	w := writes{rep: batch}
	w.each(func(tag byte, key, value []byte) {
		if tag != tagFamilyPut || !bytes.HasPrefix(key, runKey) || len(key) != len(runKey)+8 || len(value) != versionLen+runValue {
			return
		}
		r := &run{e: e, number: binary.BigEndian.Uint64(key[len(runKey):]), family: int(value[versionLen])}
		for i := range int(binary.LittleEndian.Uint32(value[versionLen+1:])) {
			if _, err := os.Stat(r.path(i)); err == nil {
				r.files = append(r.files, runFile{path: r.path(i)})
			}
		}
		e.knowRun(r.number, kv.Version(binary.BigEndian.Uint64(value)))
		runs = append(runs, r)
	})
	return e.take(runs)
}

// clearRuns removes what no commit names, and makes the directory.
func (e *engine) clearRuns() error {
	dir := filepath.Join(e.space.dir, ingestDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range entries {
		if strings.HasSuffix(f.Name(), ".sst") {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
