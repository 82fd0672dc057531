// Package badinput sends a server what no client should send and looks that it answers with a clear error, goes on serving others and loses nothing: broken
// messages, statements and values of absurd size, clients that vanish, data folders that are not its own, statements that have to be cancelled.
//
// What concerns only the protocol and SQL runs against the reference as well (-against=reference), which proves the expectations.
package badinput
