// Package protocol replays scripts of protocol messages against a server and compares what comes back with what a real
// PostgreSQL 16 sent.
//
//	go test ./compat_tests/protocol                           against kalampg, built and started for the test
//	go test ./compat_tests/protocol -against=reference        against PostgreSQL 16, which proves the scripts
//	go test ./compat_tests/protocol -record                   write the expected lines anew, from PostgreSQL 16
//	go test ./compat_tests/protocol -address=127.0.0.1:5432   against whatever listens there (trust, user postgres)
//
// # Scripts
//
// A script is a text file in testdata, one message or command a line. Messages are collected and sent together when the script next reads.
//
//	# a comment
//	Parse {"Name":"s","Query":"select $1::int4"}
//	Bind {"Statement":"s","Parameters":["42"]}
//	Execute {}
//	Sync
//	until ReadyForQuery
//	< ParseComplete
//	< …
//
// Commands:
//
//	connection NAME        switch to a connection, logging in when it is new (the script starts on "main")
//	socket NAME            switch to a new connection on which nothing has been sent
//	setup SQL              run SQL and ignore what it says
//	bytes "…"              send bytes, in Go's quoting
//	frame TYPE "…"         send a message with that body, in Go's quoting
//	cancel NAME            cancel what connection NAME runs
//	half-close             close the sending side
//	until TYPE             read messages up to one of the type; "close" reads to the end of the connection,
//	                       "byte" one byte that is no message, "text" everything without looking for messages
//
// The lines after until that start with "<" are what must come. Lines that start with "<k" follow where kalampg departs from
// PostgreSQL on purpose; they take the place of the "<" lines for kalampg, and the comment above says why.
//
// A line may contain {{repeat N "text %d" "separator"}} for what is too long to write. What differs from run to run is left out: keys, OIDs of
// user tables, file and line of errors, server_version,
// and the order of ParameterStatus messages that stand together.
package protocol
