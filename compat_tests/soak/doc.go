// Package soak runs mixed load on kalampg for a long time and looks that nothing grows that has no reason to: memory, goroutines, open files, the data directory, latency. What is stored stays about
// the same size, so whatever else grows is a leak. `make test-soak` runs an hour, `make test` half a minute that proves that the test works; -minutes chooses.
package soak
