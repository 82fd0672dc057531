package proto

import "sync"

const (
	// smallBuffer is what a connection keeps while it is idle: enough for the messages of an ordinary query.
	smallBuffer = 4 << 10
	// largeBuffer is what a busy connection works with; it is pooled.
	largeBuffer = 64 << 10
	// maxPooled is the largest buffer that goes back to the pool rather than to the garbage collector.
	maxPooled = 256 << 10
)

// largeBuffers holds pointers because a slice header in an interface would be an allocation at every Put.
var largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}

// loan is a pooled buffer that a Reader or Writer has taken, possibly grown since. The zero loan holds none.
type loan struct{ p *[]byte }

// take gives the loan's buffer, with at least largeBuffer bytes.
func (l *loan) take() []byte {
	l.p = largeBuffers.Get().(*[]byte)
	return *l.p
}

// end gives b, which the loan's buffer has become, back to the pool unless it has grown huge.
func (l *loan) end(b []byte) {
	if l.p != nil && cap(b) <= maxPooled {
		*l.p = b[:cap(b)]
		largeBuffers.Put(l.p)
	}
	l.p = nil
}
