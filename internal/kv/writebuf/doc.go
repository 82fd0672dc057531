// Package writebuf holds what a transaction has written and not yet committed, in key order.
//
// A Buffer is a skip list of keys, one list per space, whose nodes hold a chain of operations (put or delete), newest first; deleted
// ranges are a short list beside it. Every operation has a sequence number that only grows. This gives:
//
//   - reading as of a moment: a View sees the newest operation below its sequence number, so a cursor does not meet writes that came
//     after it was opened, and needs no copy;
//   - savepoints: a mark is a position in the log of operations, and rolling back takes the operations after it off their chains.
//
// Nodes, links and bytes lie in a few large slices addressed by number, so a million writes are no work for the garbage collector, and a
// buffer that is used again allocates nothing. Writing in ascending key order (COPY) appends without a search.
package writebuf
