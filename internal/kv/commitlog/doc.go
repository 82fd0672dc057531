// Package commitlog is the log that makes commits durable, and the change feed's history on disk. It knows no storage engine: what a record's
// batch means is its caller's affair.
//
// # Files
//
// A log is a directory of segment files named by their number, 0000000000000001.log and so on. A segment is written out with zeros (or is
// an old segment under a new name) before it is used, so that a commit overwrites allocated blocks and fdatasync has no metadata to write. A segment begins with a header of 64
// bytes: magic, format, number, checksum. Records follow, each beginning at a multiple of 8:
//
//	 0  CRC32C of everything that follows, header and payload
//	 4  length of the payload
//	 8  number of the segment
//	16  version of the commit
//	24  durable: every record up to this version had been synced when this one was written
//	32  time of the commit, nanoseconds since 1970
//	40  length of the batch, the first part of the payload; the rest are the change records
//	44  kind: commit, start or gap
//
// All numbers are little-endian. The first record of a segment is a start: its version is the last one before the segment. The number of the segment in every record is what
// makes recycling safe: a record of the file's earlier life never passes for one of this life.
//
// # The end of the log
//
// A record that does not check is either the end of what was written before a crash, or damage. It is damage when any later record, here or
// in a later segment, says that something after the last good record was durable: then an acknowledged commit is lost, and opening fails with
// kv.ErrCorrupt, naming file and offset. Otherwise nothing from there on was acknowledged, and the tail is dropped. A log that was opened again never writes into an old segment,
// so what lies behind a dropped tail stays out of reach.
//
// # What fails
//
// After a failed fsync nobody knows what is on disk: every later call returns kv.ErrBroken. A full disk shows when a new segment is made, before
// anything of the group is written, and is kv.ErrDiskFull; the next Append tries again.
package commitlog
