// Package lock is the lock manager of the embedded storage engines: row locks, relation locks and advisory locks on opaque
// byte keys, with PostgreSQL's lock modes and conflict tables.
//
// # How it works
//
// A Manager is a hash table of locked keys, split into shards with a mutex each. A key that nobody locks has no entry, so an
// idle manager is empty. An entry lists the holds (one per owner, with the set of modes that it has) and a FIFO queue of waiters.
//
// An Owner is whatever locks are released together: a transaction, or a session that holds advisory locks beyond a transaction.
// Owners may share a leader (the session): owners of one leader never block each other, and the leader is the node of the wait-for
// graph, because one session waits for at most one lock at a time.
//
// The relation modes that every statement takes (AccessShare, RowShare, RowExclusive) go past the table while nobody wants a mode that conflicts
// with them; see fast.go.
//
// # Fairness
//
// A request waits when it conflicts with a hold of another leader or with a waiter ahead of it, so a stream of shared locks
// cannot starve an exclusive one. The exception is an upgrade: who already holds what a queued waiter waits for goes ahead of
// that waiter, since queueing behind it could never end.
//
// # Deadlocks
//
// Before a request begins to wait, the wait-for graph is walked from it. Beginning to wait is serialised by one mutex (waiting
// is slow anyway), while granting and releasing are not: a cycle, once closed, cannot open by itself, because none of its members
// runs. So the one whose wait would close the cycle always finds it, and becomes the victim. A cycle that exists only because of
// the order of a queue is broken by letting the request jump that queue.
package lock
