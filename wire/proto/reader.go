package proto

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Limits of message lengths, those of PostgreSQL but for MaxAuth, which needs no more than a startup packet does. They count the length word but not the type byte.
const (
	MaxStartup = 10_000         // a startup packet
	MaxAuth    = 10_000         // a message of the authentication exchange
	MaxSmall   = 10_000         // messages that carry a name or two
	MaxLarge   = 0x3fffffff - 1 // messages that carry statements or values
)

// Errors of Reader that say how the stream ended.
var (
	// ErrClosed means that the peer closed the connection between two messages.
	ErrClosed = errors.New("proto: connection closed by the peer")
	// ErrTruncated means that the connection ended in the middle of a message.
	ErrTruncated = errors.New("proto: connection ended within a message")
)

// State is what the connection is in the middle of; it decides which message types are legal and how long they may be.
type State uint8

// The states in which messages with a type byte are read.
const (
	Authenticating State = iota // only 'p'
	Ready                       // everything that starts or continues a query
	CopyingIn                   // between CopyInResponse and CopyDone or CopyFail
)

// limits has the greatest length of each legal message type per state, 0 for types that are not legal.
var limits = [...][256]uint32{
	Authenticating: {'p': MaxAuth},
	Ready: {
		'Q': MaxLarge, 'P': MaxLarge, 'B': MaxLarge, 'F': MaxLarge, 'd': MaxLarge,
		'C': MaxSmall, 'D': MaxSmall, 'E': MaxSmall, 'H': MaxSmall, 'S': MaxSmall, 'X': MaxSmall, 'c': MaxSmall, 'f': MaxSmall,
	},
	CopyingIn: {'d': MaxLarge, 'c': MaxSmall, 'f': MaxSmall, 'H': MaxSmall, 'S': MaxSmall},
}

// TypeError reports a message type that is not legal in the state. The frame has not been consumed, and where the next one begins is
// anybody's guess: the connection cannot go on.
type TypeError struct {
	Type  byte
	State State
}

// Error makes *TypeError an error.
func (e *TypeError) Error() string { return e.Coded().Error() }

// Coded is the error that the client sees.
func (e *TypeError) Coded() *pgerr.Error {
	if e.State == CopyingIn {
		return pgerr.Newf(pgerr.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", e.Type)
	}
	if e.State == Authenticating {
		return pgerr.Newf(pgerr.ProtocolViolation, "expected SASL response, got message type %d", e.Type).WithSeverity("FATAL")
	}
	return pgerr.Newf(pgerr.ProtocolViolation, "invalid frontend message type %d", e.Type).WithSeverity("FATAL")
}

// errLength is the answer to a length that no message of the type may have.
func errLength() *pgerr.Error {
	return pgerr.New(pgerr.ProtocolViolation, "invalid message length").WithSeverity("FATAL")
}

// Reader reads frames. It is used by one goroutine.
type Reader struct {
	src   io.Reader
	buf   []byte // buf[r:w] is read and not yet consumed
	r, w  int
	small []byte // buf while idle
	large loan   // buf while there is more
}

// NewReader makes a Reader on src.
func NewReader(src io.Reader) *Reader {
	small := make([]byte, smallBuffer)
	return &Reader{src: src, buf: small, small: small}
}

// Reset continues on another stream (TLS over the same connection). Nothing must be buffered.
func (r *Reader) Reset(src io.Reader) { r.src, r.r, r.w = src, 0, 0 }

// Buffered is the number of bytes that have arrived and were not consumed.
func (r *Reader) Buffered() int { return r.w - r.r }

// Idle gives memory back while nothing is buffered. The last body is no longer valid.
func (r *Reader) Idle() {
	if r.r != r.w || len(r.buf) == smallBuffer {
		return
	}
	r.large.end(r.buf)
	r.buf, r.r, r.w = r.small, 0, 0
}

// Startup reads a startup packet, which has no type byte, and returns its body: the code and what follows. PostgreSQL closes the connection without
// a word when the length is impossible, because the peer does not speak the protocol; ErrTruncated and ErrClosed say the same here.
func (r *Reader) Startup() ([]byte, error) {
	if err := r.fill(4); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(r.buf[r.r:])
	if n < 8 || n > MaxStartup {
		return nil, pgerr.New(pgerr.ProtocolViolation, "invalid length of startup packet").WithSeverity("FATAL")
	}
	if err := r.fill(int(n)); err != nil {
		return nil, truncated(err)
	}
	body := r.buf[r.r+4 : r.r+int(n)]
	r.r += int(n)
	return body, nil
}

// Wait returns when a message has begun to arrive.
func (r *Reader) Wait() error {
	if r.r < r.w {
		return nil
	}
	return r.fill(1)
}

// Next reads the next message. The body is valid until the next call. A *TypeError or a *pgerr.Error ends the connection, any other error
// is the connection's end.
func (r *Reader) Next(state State) (kind byte, body []byte, err error) {
	if r.w-r.r < 5 {
		if err := r.fill(1); err != nil {
			return 0, nil, err
		}
		if limits[state][r.buf[r.r]] == 0 { // PostgreSQL refuses the type before the length has arrived
			return 0, nil, &TypeError{r.buf[r.r], state}
		}
		if err := r.fill(5); err != nil {
			return 0, nil, truncated(err)
		}
	}
	kind = r.buf[r.r]
	limit := limits[state][kind]
	if limit == 0 {
		return 0, nil, &TypeError{kind, state}
	}
	n := binary.BigEndian.Uint32(r.buf[r.r+1:])
	if n < 4 || n > limit {
		return 0, nil, errLength()
	}
	total := 1 + int(n)
	if r.w-r.r < total {
		if err := r.fill(total); err != nil {
			return 0, nil, truncated(err)
		}
	}
	body = r.buf[r.r+5 : r.r+total : r.r+total]
	r.r += total
	return kind, body, nil
}

// truncated turns the end of a stream inside a message into ErrTruncated.
func truncated(err error) error {
	if errors.Is(err, ErrClosed) {
		return ErrTruncated
	}
	return err
}

// fill reads until n bytes are buffered.
func (r *Reader) fill(n int) error {
	if r.r == r.w {
		r.r, r.w = 0, 0
	}
	for r.w-r.r < n {
		r.makeRoom(n)
		got, err := r.src.Read(r.buf[r.w:])
		r.w += got
		if got > 0 {
			continue // an error comes again with the next Read
		}
		if err == io.EOF {
			return ErrClosed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRoom leaves space after w for a frame of n bytes that begins at r, or for as much of it as may be allocated now: the buffer at most doubles, so memory
// follows the bytes that have come and not the length that was announced.
func (r *Reader) makeRoom(n int) {
	if r.r > 0 && len(r.buf)-r.r < n {
		copy(r.buf, r.buf[r.r:r.w])
		r.r, r.w = 0, r.w-r.r
	}
	if r.w < len(r.buf) {
		return
	}
	var grown []byte
	if len(r.buf) < largeBuffer {
		grown = r.large.take()
	} else {
		grown = make([]byte, min(2*len(r.buf), r.r+n))
	}
	r.w = copy(grown, r.buf[r.r:r.w])
	r.r = 0
	r.buf = grown
}
