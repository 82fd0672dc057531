// Package auth decides who may connect and how they prove it. It knows nothing of sockets: the wire moves the messages.
//
//	Startup    a startup packet taken apart: protocol version, settings, and the switches in "options"
//	Rules      host rules in the form of pg_hba.conf: the first that matches a connection names the method
//	SCRAM      the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (the exchange itself is xdg-go/scram)
//	Verifier   what a server stores instead of a password, in PostgreSQL's form "SCRAM-SHA-256$…"
//	TLS        certificate and channel-binding data
//	Keys       the secrets by which a CancelRequest proves that it may cancel
//
// An unknown role, a role without a password and a wrong password look alike to the client: the exchange runs to its end with
// a verifier that nothing matches, whose salt stays the same for the same name.
package auth
