// Package kvtest is the conformance suite of storage engines: what every kv.Store must do, case by case, and random operations against
// a model. An engine's test calls Run with a function that opens it.
//
// Powers that not every engine has (change feed, lock sessions) are tested when the store has them and skipped with a reason otherwise.
package kvtest
