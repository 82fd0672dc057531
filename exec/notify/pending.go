package notify

import "github.com/kalampg/kalampg/internal/pgerr"

// The bounds of a notification, in bytes: PostgreSQL's.
const (
	maxChannel = 63
	maxPayload = 7999
)

// message is what a NOTIFY says.
type message struct{ channel, payload string }

func (m message) size() int { return len(m.channel) + len(m.payload) + 64 }

// change is a LISTEN or UNLISTEN; of all channels when the name is empty.
type change struct {
	channel string
	listen  bool
}

// Pending is what a transaction will do at its commit. The zero Pending does nothing.
type Pending struct {
	messages []message
	known    map[message]struct{} // of messages, once there are several
	bytes    int
	changes  []change
}

// Mark is a place in a Pending, for savepoints.
type Mark struct{ messages, changes int }

// Notify adds a notification, unless the transaction has the same already.
func (p *Pending) Notify(channel, payload string) error {
	switch {
	case channel == "":
		return pgerr.New(pgerr.InvalidParameterValue, "channel name cannot be empty")
	case len(channel) > maxChannel:
		return pgerr.New(pgerr.InvalidParameterValue, "channel name too long")
	case len(payload) > maxPayload:
		return pgerr.New(pgerr.InvalidParameterValue, "payload string too long")
	}
	m := message{channel, payload}
	if p.known == nil {
		p.known = make(map[message]struct{})
	}
	if _, twice := p.known[m]; twice {
		return nil
	}
	p.known[m] = struct{}{}
	p.messages = append(p.messages, m)
	p.bytes += m.size()
	return nil
}

// Listen and Unlisten change the session's channels at the commit.
func (p *Pending) Listen(channel string) { p.changes = append(p.changes, change{channel, true}) }

// Unlisten stops listening on a channel, on all when it is empty.
func (p *Pending) Unlisten(channel string) { p.changes = append(p.changes, change{channel, false}) }

// Empty tells whether there is nothing to do.
func (p *Pending) Empty() bool { return len(p.messages) == 0 && len(p.changes) == 0 }

// Notifies tells whether there are notifications.
func (p *Pending) Notifies() bool { return len(p.messages) > 0 }

// Mark gives the present state.
func (p *Pending) Mark() Mark { return Mark{len(p.messages), len(p.changes)} }

// RollbackTo drops what came after the mark.
func (p *Pending) RollbackTo(m Mark) {
	for _, x := range p.messages[m.messages:] {
		delete(p.known, x)
		p.bytes -= x.size()
	}
	p.messages, p.changes = p.messages[:m.messages], p.changes[:m.changes]
}
