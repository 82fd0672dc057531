// Command sysbench measures kalampg beside a real PostgreSQL 16 with sysbench's transactions over TCP (package duel says how).
//
//	make bench-sysbench
//	go run ./compat_tests/bench/sysbench -rows 10000 -seconds 5 -rounds 1 -clients 8 -workloads oltp_point_select
package main
