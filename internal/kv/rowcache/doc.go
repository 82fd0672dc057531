// Package rowcache keeps the newest committed values of keys that are read or written often, in memory that the garbage collector does not see.
//
// # What an entry says
//
// An entry holds a key's newest committed value and the version that wrote it. A reader whose snapshot is at that version or later is answered by it; an older
// one has to ask the engine. Commit and Drop keep entries true: they are called in commit order, after the engine has the commit and before any snapshot can see it.
//
// A reader that missed offers what it read with Fill. Meanwhile a commit may have written the key; so each shard notes, by hash, the newest version that was committed, and a value read at
// an older snapshot is not taken. Absent keys are not kept: the engine's filters answer for them, and a key that is looked up before it is inserted comes with its commit.
//
// A removed range is remembered as a range: entries older than it and inside it do not count. When there are too many of them, the entries are searched for.
//
// # Memory
//
// Each shard is a ring of bytes and an open-addressing table of offsets into it. A new entry goes to the head of the ring and pushes out what is at its tail; an entry
// that was read since it came there gets a second chance and goes to the head again (CLOCK on a log). So there are no pointers, no free lists and no fragmentation.
package rowcache
