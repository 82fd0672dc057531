// Package notify is LISTEN and NOTIFY: a queue of the notifications of committed transactions, and the listeners that read it, each from its own place.
//
// A transaction collects what it will do in a Pending: notifications, without duplicates, and changes of the session's channels. At its commit that enters the Hub in commit
// order (Enter), and becomes readable when the commit is visible to others (Release), so that who is told of a change and looks for it finds it. Listeners are woken then; they read
// in their own time, between transactions, and nobody waits for them. What a slow listener has not read keeps the queue from shrinking: when the queue is full, the
// notifying transactions fail, as in PostgreSQL, and Usage tells beforehand.
package notify
