// Package crash kills kalampg with SIGKILL at random moments under mixed load, sometimes again while it recovers, opens it again, and compares what is there with a model of what was
// acknowledged (package load) and every row with every index (`kalampg check`). `make test` runs a few rounds from a fixed seed, `make test-crash` a thousand from the clock.
package crash
