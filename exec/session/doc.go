// Package session is a session's plain state: settings with their transaction scopes, prepared statements, portals, the transaction's status. It holds data
// and the rules of that data; what happens with it is the statement loop's business, in exec.
package session
