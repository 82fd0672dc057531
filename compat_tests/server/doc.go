// Package server builds kalampg and runs it as its users do: a process of its own on a free loopback port with a data
// folder, so that a test may kill it with any signal and start it again on the same data.
//
// The binary is built once per process by `go build`, which does nothing when bin/kalampg is up to date; test processes
// that run side by side wait for each other by a lock file. KALAMPG_BINARY names another binary to test instead.
package server
