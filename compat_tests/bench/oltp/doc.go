// Command oltp measures kalampg beside a real PostgreSQL 16 with pgbench over TCP, both durable as they are by default.
//
// The two servers run side by side and take turns: every round runs each workload on both before the next begins, so
// that what else the machine does falls on both alike. What counts is the ratio of the medians, not either figure alone.
//
//	make bench-oltp
//	go run ./compat_tests/bench/oltp -scale 10 -seconds 5 -rounds 1 -clients 8 -workloads select-prepared
package main
