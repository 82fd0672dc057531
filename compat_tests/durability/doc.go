// Package durability kills kalampg and looks whether what it acknowledged is still there: after SIGTERM, after kill -9
// under load, after a client that vanished in the middle of a COPY; and whether a second server on the same data is
// refused.
package durability
