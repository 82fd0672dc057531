// Package drivers proves kalampg with the client libraries that people use: psycopg 3, psycopg2, asyncpg and SQLAlchemy,
// pgjdbc, node-postgres and postgres.js, each in the version that python/requirements.txt, java/pom.xml or
// node/package.json names.
//
// A program per library connects, does what its users do and prints one line per check: the check's name, a tab and the
// result as JSON. The test runs it in a database of its own, laid out by testdata/schema.sql, and compares the lines with
// those that the same program printed on PostgreSQL 16, which testdata/*.out holds; -record records them anew.
// known_gaps.txt lists what differs and why, as elsewhere.
//
// scripts/setup.sh test puts the libraries into compat_tests/.cache/drivers. A language whose runtime or libraries are
// missing is skipped with the reason.
package drivers
