// Package isolation runs scripts of interleaved sessions, in the spirit of PostgreSQL's isolation tests: who waits for whom, who sees what, who fails. What happens was
// recorded from a real PostgreSQL 16 (-record) and is replayed on kalampg.
//
// A script of testdata has sections, each begun by a word at the beginning of a line:
//
//	setup                      statements run before each permutation, by a session of their own
//	teardown                   and after it
//	session NAME               a session; the following setup, if any, runs in it before the steps
//	step NAME                  a statement, or several, of the session before
//	permutation NAME NAME …    an order of steps to run; "all" stands for every interleaving of all steps
//
// A step that has to wait is shown as waiting, and its result when it comes. NAME! in a permutation is a step whose wait ends by itself (a timeout, a deadlock): its end is
// waited for. A permutation that asks a waiting session for its next step is invalid, which is recorded too.
package isolation
