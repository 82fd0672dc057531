package notify

import (
	"slices"
	"sync"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// DefaultSize is the memory that unread notifications may take.
const DefaultSize = 64 << 20

// Hub is the queue of a server. It is safe for concurrent use.
type Hub struct {
	size int

	mu        sync.Mutex
	queue     []*Batch // queue[0] has the number first
	first     uint64
	bytes     int // of the queue and of what is reserved
	listeners map[*Listener]struct{}
}

// Batch is the notifications of one transaction in the queue.
type Batch struct {
	database uint32
	pid      int32
	messages []message
	bytes    int
	ready    bool
}

// Listener is a session that listens, or may. Its methods belong to the session's goroutine.
type Listener struct {
	hub      *Hub
	database uint32
	pid      int32
	wake     func()
	channels []string // in the order of LISTEN; empty: not among the hub's listeners
	next     uint64   // what it reads next
}

// NewHub makes a queue of a size in bytes.
func NewHub(size int) *Hub { return &Hub{size: size, listeners: make(map[*Listener]struct{})} }

// NewListener makes a listener for a session of a database. wake is called, from any goroutine, when there is something to read; it must not wait.
func (h *Hub) NewListener(database uint32, pid int32, wake func()) *Listener {
	return &Listener{hub: h, database: database, pid: pid, wake: wake}
}

// Reserve makes room for the transaction's notifications before its commit; 54000 when the queue is full. Give it back by Cancel when the commit fails.
func (h *Hub) Reserve(p *Pending) error {
	if !p.Notifies() {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bytes+p.bytes > h.size {
		return pgerr.New(pgerr.ProgramLimitExceeded, "too many notifications in the NOTIFY queue")
	}
	h.bytes += p.bytes
	return nil
}

// Cancel gives back what Reserve has reserved.
func (h *Hub) Cancel(p *Pending) {
	if !p.Notifies() {
		return
	}
	h.mu.Lock()
	h.bytes -= p.bytes
	h.mu.Unlock()
}

// Enter does what the transaction of l's session has pending: it changes the session's channels, then puts the notifications into the queue, where they are not to be read yet. It is
// called in commit order. The result is for Release.
func (h *Hub) Enter(l *Listener, p *Pending) *Batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range p.changes {
		l.apply(c)
	}
	if !p.Notifies() {
		return nil
	}
	b := &Batch{database: l.database, pid: l.pid, messages: p.messages, bytes: p.bytes}
	h.queue = append(h.queue, b)
	return b
}

// Release makes a batch readable, when its commit is visible, and wakes the listeners.
func (h *Hub) Release(b *Batch) {
	if b == nil {
		return
	}
	h.mu.Lock()
	b.ready = true
	var wake []func()
	for l := range h.listeners {
		if l.database == b.database && l.concerned(b) {
			wake = append(wake, l.wake)
		}
	}
	h.trim()
	h.mu.Unlock()
	for _, f := range wake {
		f()
	}
}

// concerned tells whether a batch says something on one of l's channels. Who listens is woken for nothing else.
func (l *Listener) concerned(b *Batch) bool {
	for _, m := range b.messages {
		if slices.Contains(l.channels, m.channel) {
			return true
		}
	}
	return false
}

// apply changes l's channels. The first makes it read from here on.
func (l *Listener) apply(c change) {
	h := l.hub
	switch {
	case c.listen:
		if len(l.channels) == 0 {
			h.listeners[l] = struct{}{}
			l.next = h.first + uint64(len(h.queue))
		}
		if !slices.Contains(l.channels, c.channel) {
			l.channels = append(l.channels, c.channel)
		}
	case c.channel == "":
		l.channels = nil
	default:
		if i := slices.Index(l.channels, c.channel); i >= 0 {
			l.channels = slices.Delete(l.channels, i, i+1)
		}
	}
	if len(l.channels) == 0 {
		delete(h.listeners, l)
		h.trim()
	}
}

// trim drops what everybody has read, or nobody will. What is not ready yet stays.
func (h *Hub) trim() {
	last := h.first + uint64(len(h.queue))
	for l := range h.listeners {
		last = min(last, h.skip(l))
	}
	n := 0
	for n < len(h.queue) && h.first < last && h.queue[n].ready {
		h.bytes -= h.queue[n].bytes
		h.queue[n] = nil
		h.first++
		n++
	}
	h.queue = h.queue[n:]
	if len(h.queue) == 0 {
		h.queue = nil
	}
}

// skip moves a listener past what is not for it, so that only what it is to be told keeps the queue from shrinking.
func (h *Hub) skip(l *Listener) uint64 {
	l.next = max(l.next, h.first)
	for i := int(l.next - h.first); i < len(h.queue); i++ {
		if b := h.queue[i]; b.database == l.database && l.concerned(b) {
			break
		}
		l.next++
	}
	return l.next
}

// Read gives l what was said on its channels since it last read; nil when there is nothing new.
func (l *Listener) Read(send func(pid int32, channel, payload string) error) error {
	h := l.hub
	for {
		h.mu.Lock()
		if len(l.channels) == 0 {
			h.mu.Unlock()
			return nil
		}
		l.next = h.skip(l)
		i := int(l.next - h.first)
		if i >= len(h.queue) || !h.queue[i].ready {
			h.trim()
			h.mu.Unlock()
			return nil
		}
		b := h.queue[i]
		l.next++
		h.mu.Unlock()
		for _, m := range b.messages {
			if slices.Contains(l.channels, m.channel) {
				if err := send(b.pid, m.channel, m.payload); err != nil {
					return err
				}
			}
		}
	}
}

// Channels are those that l listens on.
func (l *Listener) Channels() []string {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return slices.Clone(l.channels)
}

// Close ends listening.
func (l *Listener) Close() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.apply(change{})
}

// Usage is how full the queue is, 0 to 1.
func (h *Hub) Usage() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return float64(h.bytes) / float64(h.size)
}
