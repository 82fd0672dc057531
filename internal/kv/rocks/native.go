package rocks

// #cgo CXXFLAGS: -std=c++17
// #cgo LDFLAGS: -lrocksdb -lstdc++
// #cgo noescape kg_get
// #cgo nocallback kg_get
// #cgo noescape kg_iter_open
// #cgo nocallback kg_iter_open
// #cgo noescape kg_iter_next
// #cgo nocallback kg_iter_next
// #cgo noescape kg_iter_close
// #cgo nocallback kg_iter_close
// #cgo noescape kg_write
// #cgo nocallback kg_write
// #cgo noescape kg_persisted
// #cgo nocallback kg_persisted
// #cgo noescape kg_snapshot
// #cgo nocallback kg_snapshot
// #cgo noescape kg_release
// #cgo nocallback kg_release
// #include <stdlib.h>
// #include "helper.h"
// #include "bulk.h"
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
)

// native is the database as helper.cc sees it.
type native struct{ db *C.kg_db }

// handle is the C pointer in a grocksdb struct, where it is the first field.
func handle[T any](wrapper *T) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(wrapper)) }

func attach(db *grocksdb.DB, families []*grocksdb.ColumnFamilyHandle) native {
	list := (*[familyCount]unsafe.Pointer)(C.malloc(C.size_t(familyCount * unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(list))
	for i := range list {
		list[i] = handle(families[i])
	}
	return native{C.kg_attach(handle(db), &list[0])}
}

func (n native) detach() { C.kg_detach(n.db) }

func (n native) familyID(f int) uint32 { return uint32(C.kg_family_id(n.db, C.int(f))) }

// pinned is a RocksDB snapshot; 0 stands for the present.
type pinned = C.uintptr_t

func (n native) snapshot() pinned { return C.kg_snapshot(n.db) }

func (n native) release(s pinned) { C.kg_release(n.db, s) }

func chars(b []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(b))) }

// failure turns a result into an error. Its SQL meaning is in what it wraps.
func failure(r *C.kg_result) error {
	if r.error == 0 {
		return nil
	}
	p := *(**C.char)(unsafe.Pointer(&r.error))
	text := C.GoString(p)
	C.free(unsafe.Pointer(p))
	r.error = 0
	switch r.code {
	case C.KG_CORRUPT:
		return fmt.Errorf("%w: %s", kv.ErrCorrupt, text)
	case C.KG_NO_SPACE:
		return fmt.Errorf("%w: %s", kv.ErrDiskFull, text)
	}
	return fmt.Errorf("rocksdb: %s", text)
}

// scratch is what a call with many items needs beside the batch.
type scratch struct {
	keys  []byte
	lens  []C.uint32_t
	items [maxRows]C.kg_item
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// get appends the items of keys, which are of one family.
func (n native) get(family int, snapshot pinned, keys [][]byte, into *kv.Batch) error {
	if len(keys) == 1 {
		return n.getOne(family, snapshot, keys[0], into)
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for len(keys) > 0 {
		m := min(len(keys), maxRows)
		if err := n.getMany(family, snapshot, keys[:m], into, s); err != nil {
			return err
		}
		keys = keys[m:]
	}
	return nil
}

// firstRoom is the room for a value of unknown size. Too little costs a second look-up.
const firstRoom = 256

func (n native) getOne(family int, snapshot pinned, key []byte, into *kv.Batch) error {
	var item C.kg_item
	length := C.uint32_t(len(key))
	for need := len(key) + firstRoom; ; {
		room, offset := into.Grow(need)
		var r C.kg_result
		C.kg_get(n.db, C.int(family), snapshot, chars(key), &length, 1, chars(room), C.size_t(cap(room)), &item, &r)
		if r.code == C.KG_ROOM {
			into.Trim(offset)
			need = int(r.need)
			continue
		}
		if err := failure(&r); err != nil {
			into.Trim(offset)
			return err
		}
		into.Trim(addItem(into, &item, offset))
		return nil
	}
}

// addItem names an item whose bytes begin at offset, and returns their end.
func addItem(into *kv.Batch, item *C.kg_item, offset int) int {
	value := offset + int(item.key_len)
	if item.value_len == C.KG_MISSING {
		into.AppendAt(offset, value, value, 0, false)
		return value
	}
	end := value + int(item.value_len)
	into.AppendAt(offset, value, end, kv.Version(item.version), true)
	return end
}

func (n native) getMany(family int, snapshot pinned, keys [][]byte, into *kv.Batch, s *scratch) error {
	s.keys, s.lens = s.keys[:0], s.lens[:0]
	for _, key := range keys {
		s.keys = append(s.keys, key...)
		s.lens = append(s.lens, C.uint32_t(len(key)))
	}
	done, packed := 0, s.keys
	for need := len(packed) + firstRoom/2*len(keys); done < len(keys); {
		room, offset := into.Grow(need)
		var r C.kg_result
		C.kg_get(n.db, C.int(family), snapshot, chars(packed), &s.lens[done], C.uint32_t(len(keys)-done), chars(room),
			C.size_t(cap(room)), &s.items[0], &r)
		for i := range int(r.count) {
			packed = packed[s.items[i].key_len:]
			offset = addItem(into, &s.items[i], offset)
		}
		into.Trim(offset)
		if r.code != C.KG_ROOM {
			return failure(&r)
		}
		done += int(r.count)
		need = int(r.need) + len(packed) + firstRoom/2*(len(keys)-done)
	}
	return nil
}

// rows is an iterator. It is opened by its first read.
type rows struct {
	n        native
	family   int
	snapshot pinned
	start    []byte
	end      []byte
	bounds   [64]byte // start and end, when they are short
	flags    C.int
	file     *C.kg_file // instead of the database
	it       *C.kg_iter
	max      int
	ended    bool
}

const (
	maxRows   = 1024 // of a batch
	firstRows = 32   // of the first batch of a scan: most scans are short
	maxRoom   = 256 << 10
)

func (n native) scan(family int, snapshot pinned, span kv.Span, o kv.ScanOptions) *rows {
	it := &rows{n: n, family: family, snapshot: snapshot, max: firstRows}
	both := append(append(it.bounds[:0], span.Start...), span.End...)
	it.start, it.end = both[:len(span.Start)], both[len(span.Start):]
	if o.Reverse {
		it.flags |= C.KG_REVERSE
	}
	if o.KeysOnly {
		it.flags |= C.KG_KEYS_ONLY
	}
	if o.Limit > 0 {
		it.max = min(o.Limit, maxRows)
	}
	return it
}

// Next fills the batch with the next rows.
func (it *rows) Next(into *kv.Batch) (int, error) {
	into.Reset()
	if it.ended {
		return 0, nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	need := min(it.max*128, maxRoom)
	for {
		room, offset := into.Grow(need)
		var r C.kg_result
		it.read(room, s, &r)
		if r.code == C.KG_ROOM {
			need = int(r.need)
			into.Trim(offset)
			continue
		}
		for i := range int(r.count) {
			offset = addItem(into, &s.items[i], offset)
		}
		into.Trim(offset)
		it.ended = r.done != 0
		it.max = min(it.max*4, maxRows)
		return int(r.count), failure(&r)
	}
}

func (it *rows) read(room []byte, s *scratch, r *C.kg_result) {
	if it.it != nil {
		C.kg_iter_next(it.it, C.uint32_t(it.max), chars(room), C.size_t(cap(room)), &s.items[0], r)
		return
	}
	if it.file != nil {
		it.it = C.kg_file_iter(it.file, chars(it.start), C.size_t(len(it.start)), chars(it.end), C.size_t(len(it.end)), it.flags, C.uint32_t(it.max),
			chars(room), C.size_t(cap(room)), &s.items[0], r)
		return
	}
	it.it = C.kg_iter_open(it.n.db, C.int(it.family), it.snapshot, chars(it.start), C.size_t(len(it.start)), chars(it.end),
		C.size_t(len(it.end)), it.flags, C.uint32_t(it.max), chars(room), C.size_t(cap(room)), &s.items[0], r)
}

// Close gives the iterator back.
func (it *rows) Close() {
	it.ended = true
	if it.it != nil {
		C.kg_iter_close(it.it)
		it.it = nil
	}
}

// write applies a serialised batch, in memory only.
func (n native) write(rep []byte) error {
	var r C.kg_result
	C.kg_write(n.db, chars(rep), C.size_t(len(rep)), &r)
	return failure(&r)
}

// flush writes what is in memory into tables, of all families as of one moment.
func (n native) flush(wait bool) error {
	var r C.kg_result
	flag := C.int(0)
	if wait {
		flag = 1
	}
	C.kg_flush(n.db, flag, &r)
	return failure(&r)
}

// resume ends the state after a failed background write.
func (n native) resume() error {
	var r C.kg_result
	C.kg_resume(n.db, &r)
	return failure(&r)
}

// persisted gives the version of a value in the tables, not looking at what is only in memory.
func (n native) persisted(family int, key []byte) (v kv.Version, found bool, err error) {
	var r C.kg_result
	C.kg_persisted(n.db, C.int(family), chars(key), C.size_t(len(key)), &r)
	return kv.Version(r.version), r.done != 0, failure(&r)
}
