// Package ssi makes snapshot isolation serialisable: it watches the rw-dependencies between concurrent transactions and ends one of each dangerous
// structure before an anomaly can be committed.
//
// # The algorithm
//
// It is Serializable Snapshot Isolation as described by M. Cahill, U. Röhm, A. Fekete: "Serializable Isolation for Snapshot Databases" (SIGMOD 2008), in the
// form that PostgreSQL gave it, D. Ports, K. Grittner: "Serializable Snapshot Isolation in PostgreSQL" (VLDB 2012), whose rules decide here too who is
// ended and when, so that applications meet the same retries.
//
// R → W is an rw-dependency: R read a version of something of which the concurrent W wrote a newer one, so R comes before W in any serial order. Every cycle of
// a history under snapshot isolation has two such edges in a row, T1 → T2 → T3, where T3 is the first of the cycle to commit (T1 may be T3). T2 is the pivot. If T1
// writes nothing, T3 must even have committed before T1 took its snapshot. Whenever an edge closes such a structure, or a commit makes it possible, one of
// the transactions is ended: the one that acts, or the pivot, which is then doomed and learns it with its next read, write or commit.
//
// # What is kept
//
// A Manager has one mutex and two trees of key spans (file interval.go): what was read (PostgreSQL's SIREAD locks) and what was written. A write looks for
// readers of its key, a read looks for writers in its span; so gaps are covered like keys, and phantoms like changes. A transaction that has read many
// keys of one collection (kv.CollectionPrefix) has its spans of that collection replaced by the one that covers them all: memory stays bounded, at the price of some needless
// retries.
//
// A committed transaction stays until no active one is concurrent with it. When too many would stay because somebody reads for long, the oldest are
// summarised: their reads become those of one old reader, their writes remember only how early their own out-conflicts committed (file old.go).
//
// # Read-only transactions
//
// A READ ONLY transaction is safe when no writer that was active at its snapshot commits with a dependency on somebody who committed before that snapshot. Then it
// needs no watching and cannot be ended; a DEFERRABLE one waits until its snapshot is known to be safe (file readonly.go).
//
// Transactions of the other isolation levels are not known here and cost nothing.
package ssi
