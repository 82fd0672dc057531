// Package tpch generates the data of the TPC-H benchmark and holds its schema and its 22 queries with the validation parameters.
//
// The generator follows the distributions of the specification's clause 4.2 (sparse order keys, the suppliers of a part, the
// grammar of comments, the customers without orders), so that all queries return what they are meant to return. It is
// seeded: the same scale factor gives the same bytes everywhere, and every table can be generated alone. It is not the
// council's program and gives other values, so answers are compared between servers on the same data and not with published ones.
//
// The test of the package runs the queries at scale factor 0.01 and compares the answers with those recorded from PostgreSQL 16:
//
//	go test ./compat_tests/tpch                      against kalampg
//	go test ./compat_tests/tpch -record              record anew from PostgreSQL 16
package tpch
