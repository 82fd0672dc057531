// Package result is the leaf that says what a statement yields: columns, rows, a command tag, notices, COPY streams. The executor pushes into a Sink; the
// wire implements it for connections, tests implement it for themselves.
package result
