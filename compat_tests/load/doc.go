// Package load writes to kalampg as applications do, at random from a seed, and knows what must be there afterwards.
//
// A Worker owns one table and a model of it: every transaction changes both, and the model moves on when the commit is acknowledged. When the server goes away in the
// middle of a commit, the table may be in the state before or after it, and in no other. A worker that commits asynchronously accepts any state of its
// past, as PostgreSQL promises, and nothing in between. Accounts are shared by all workers, so that they wait for each other and run into deadlocks; what must hold is their sum.
package load
