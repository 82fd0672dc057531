// Command oltp measures kalampg beside a real PostgreSQL 16 with pgbench over TCP (package duel says how).
//
//	make bench-oltp
//	go run ./compat_tests/bench/oltp -scale 10 -seconds 5 -rounds 1 -clients 8 -workloads select-prepared
//
// The figures at one client are for information: they say more about the machine's scheduler than about either server.
package main
