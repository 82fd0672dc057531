package rocks

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
)

// logDir is the directory of the commit log in a data directory.
const logDir = "commitlog"

// recover brings a data directory to its newest commit, whose version it returns, and opens its log. A new directory is marked, an older format upgraded, a newer one refused.
func (e *engine) recover(dir string, o Options) (kv.Version, error) {
	format, err := e.format()
	if err != nil {
		return 0, err
	}
	logs := filepath.Join(dir, logDir)
	if format < FormatVersion { // everything is in RocksDB; 0: a new directory
		if err := os.MkdirAll(logs, 0o700); err != nil {
			return 0, err
		}
		if err := e.mark(FormatVersion, kv.Version(e.db.GetLatestSequenceNumber())); err != nil {
			return 0, err
		}
	}
	if _, err := os.Stat(logs); err != nil { // an empty one would be taken for a new one, and commits be lost
		return 0, fmt.Errorf("%w: the commit log is missing: %w", kv.ErrCorrupt, err)
	}
	applied, found, err := e.persisted(familyMeta, appliedKey)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, fmt.Errorf("%w: the tables do not say to which commit they go", kv.ErrCorrupt)
	}
	if err := e.knownRuns(); err != nil {
		return 0, err
	}
	replayed := applied
	e.log, err = commitlog.Open(logs, applied, commitlog.Options{SegmentBytes: o.SegmentBytes, KeepBytes: max(o.FeedDiskBytes, 0)},
		func(r commitlog.Record) error {
			if len(r.Batch) < repHeader {
				return fmt.Errorf("%w: a batch of %d bytes", kv.ErrCorrupt, len(r.Batch))
			}
			replayed = r.Version
			if err := e.retake(r.Batch); err != nil {
				return err
			}
			return e.write(r.Batch)
		})
	if err != nil {
		return 0, err
	}
	if replayed > applied {
		if err := e.mark(FormatVersion, replayed); err != nil { // so that the next recovery does not begin here again
			return 0, err
		}
		e.lookBack()
	}
	if err := e.clearRuns(); err != nil {
		return 0, err
	}
	e.applied = e.log.Last()
	return e.applied, nil
}

// format is the directory's format version, 0 for a new one.
func (e *engine) format() (uint32, error) {
	var b kv.Batch
	if err := e.getOne(familyMeta, 0, formatKey, &b); err != nil || !b.Found(0) {
		return 0, err
	}
	if len(b.Value(0)) != 4 {
		return 0, fmt.Errorf("%w: format version of %d bytes", kv.ErrCorrupt, len(b.Value(0)))
	}
	v := binary.BigEndian.Uint32(b.Value(0))
	if v > FormatVersion {
		return 0, fmt.Errorf("%w: %d, this program knows up to %d", kv.ErrNewerFormat, v, FormatVersion)
	}
	return v, nil
}

// mark writes the format and the newest commit's version, and everything that is in memory, into tables.
func (e *engine) mark(format uint32, applied kv.Version) error {
	w := e.pool.Get().(*writes)
	defer e.pool.Put(w)
	w.reset()
	w.put(formatKey, binary.BigEndian.AppendUint32(nil, format))
	w.put(appliedKey, nil)
	w.stamp(applied)
	setCount(w.rep, w.count)
	if err := e.write(w.rep); err != nil {
		return err
	}
	return e.native.flush(true)
}
