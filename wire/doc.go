// Package wire speaks the PostgreSQL protocol, version 3.0, and calls an engine behind it.
//
// It owns the two interfaces that it calls, Backend and Session (session.go), and implements the one that statements push
// their results into, result.Sink. It holds no SQL: it moves messages, keeps the protocol's state, and turns values into bytes.
//
// # Life of a connection
//
//  1. Server.Serve accepts it and runs it in a goroutine of its own (server.go, conn.go).
//  2. Startup (startup.go): SSLRequest, GSSENCRequest and CancelRequest are answered; a StartupMessage brings user, database and settings.
//  3. Login (login.go): a slot of max_connections, host rules, SCRAM or trust, the role, then Backend.Open makes the Session.
//  4. The loop (loop.go): one message at a time. Simple queries and the extended protocol are in query.go, COPY FROM STDIN in copy.go.
//  5. The end: Terminate, a closed socket, an idle limit, pg_terminate_backend or shutdown. Session.Close rolls back.
//
// # Rules that the loop keeps
//
//   - An error in an extended-protocol message makes it skip everything up to the next Sync.
//   - Output is written when the buffer is full, at Flush and at ReadyForQuery: a pipelined Bind, Execute, Sync costs one write.
//   - ParameterStatus goes out just before ReadyForQuery, once per setting and only if the value differs from what the client has.
//   - Whatever another goroutine wants of a connection (cancel, terminate, drain) goes through interrupt.go, whose lock is never held
//     during a call into the Session.
//   - A panic ends its connection with FATAL 58000 and a logged stack, and no other.
package wire
