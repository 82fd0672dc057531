// Package duel runs workloads on kalampg and on a real PostgreSQL 16 by turns and compares them, both durable as they are by default.
//
// The two servers run side by side: every round runs each workload on both before the next begins, so that what else the machine does falls on both
// alike. What counts is the ratio of the medians, not either figure alone.
package duel
