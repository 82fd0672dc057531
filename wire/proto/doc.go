// Package proto is the message layer of the PostgreSQL protocol, version 3: frames in, frames out, and values in both directions.
//
//	Reader   reads one frame at a time from an untrusted peer. It accepts only the message types that are legal in the current
//	         state and bounds their length, and its buffer grows as bytes arrive, never because a header announces them.
//	Body     takes a frame's body apart, with PostgreSQL's errors for what does not fit. No input makes it panic.
//	Writer   collects outgoing messages in one buffer, written when it is full or at Flush.
//
// Bodies of incoming messages are decoded here and not by pgproto3, whose decoders panic on malformed input. Outgoing messages that are
// rare are encoded by pgproto3; those on the path of every query (RowDescription, DataRow, CommandComplete …) are encoded
// straight into the Writer's buffer without an allocation.
//
// Lengths of buffers matter more than they seem to: a thousand idle connections hold a thousand Readers and Writers. Both
// keep a small buffer and give a larger one back to a pool by Idle.
package proto
