// Package pgerr holds PostgreSQL's SQLSTATE codes and the one error type that carries them.
//
// The code is chosen where the error is born, never guessed further up: a constraint violation knows that it is
// 23505 and which constraint it was, the wire only flattens the fields into an ErrorResponse. Errors of other kinds that
// reach the wire are bugs; they are reported as 58000 (system error), logged with their stack, and counted.
//
// The fields are those of PostgreSQL's protocol (chapter 55.8, "Error and Notice Message Fields").
package pgerr
