// Package mem is a storage engine that lives in memory: what the tests of every layer above kv use, and the simplest engine to read.
//
// Its state is one copy-on-write B-tree; a snapshot is a pointer to a tree that nobody changes any more, and a commit changes a copy that
// shares all untouched nodes. Everything about transactions is in package txn.
package mem
