// Package history runs random transactions from many connections, kills the server meanwhile, and looks whether what they saw could have happened at their isolation level.
//
// Every transaction appends unique numbers to lists and reads lists (the list-append workload of Kingsbury and Alvaro: "Elle: Inferring Isolation Anomalies from Experimental
// Observations", VLDB 2020). A list tells the order in which its elements were appended, so that the dependencies between transactions follow from what was read, as Adya
// defines them: ww (overwrote), wr (read what the other wrote), rw (read what the other overwrote). The checker (check.go) looks for aborted and intermediate reads, lost
// and torn transactions, and cycles: of ww and wr at READ COMMITTED, those without two rw in a row at REPEATABLE READ (which is snapshot isolation), any at SERIALIZABLE.
package history
