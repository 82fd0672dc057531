package proto

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
)

// Body takes a message's body apart from the front. The first error sticks: later calls return zero values, and Err or End reports it, so a
// decoder reads all fields and checks once.
type Body struct {
	rest []byte
	err  *pgerr.Error
	cs   *charset.Charset
}

// NewBody starts at the front of b, whose strings are in the client's encoding, nil for UTF-8.
func NewBody(b []byte, cs *charset.Charset) Body { return Body{rest: b, cs: cs} }

// Err is the first error so far.
func (b *Body) Err() error {
	if b.err == nil {
		return nil
	}
	return b.err
}

// End reports the first error, or that something is left over.
func (b *Body) End() error {
	if b.err == nil && len(b.rest) > 0 {
		b.fail("invalid message format")
	}
	return b.Err()
}

// Len is how many bytes are left.
func (b *Body) Len() int { return len(b.rest) }

func (b *Body) fail(message string) {
	if b.err == nil {
		b.err = pgerr.New(pgerr.ProtocolViolation, message)
	}
	b.rest = nil
}

// Byte takes one byte.
func (b *Body) Byte() byte {
	if len(b.rest) < 1 {
		b.fail("no data left in message")
		return 0
	}
	v := b.rest[0]
	b.rest = b.rest[1:]
	return v
}

// Int16 takes a 16-bit integer.
func (b *Body) Int16() int16 {
	if len(b.rest) < 2 {
		b.fail("insufficient data left in message")
		return 0
	}
	v := binary.BigEndian.Uint16(b.rest)
	b.rest = b.rest[2:]
	return int16(v)
}

// Int32 takes a 32-bit integer.
func (b *Body) Int32() int32 {
	if len(b.rest) < 4 {
		b.fail("insufficient data left in message")
		return 0
	}
	v := binary.BigEndian.Uint32(b.rest)
	b.rest = b.rest[4:]
	return int32(v)
}

// Bytes takes n bytes, which alias the message.
func (b *Body) Bytes(n int) []byte {
	if n < 0 || n > len(b.rest) {
		b.fail("insufficient data left in message")
		return nil
	}
	v := b.rest[:n:n]
	b.rest = b.rest[n:]
	return v
}

// Text takes a string that ends with a zero byte, as UTF-8; it aliases the message when that is what the client sends. Text that does not decode is an error.
func (b *Body) Text() []byte {
	n := bytes.IndexByte(b.rest, 0)
	if n < 0 {
		b.fail("invalid string in message")
		return nil
	}
	v := b.rest[:n:n]
	b.rest = b.rest[n+1:]
	v, err := FromClient(b.cs, v)
	if err != nil && b.err == nil {
		b.err, b.rest = err, nil
		return nil
	}
	return v
}

// FromClient gives text of the client as UTF-8, which it copies only to convert it.
func FromClient(cs *charset.Charset, b []byte) ([]byte, *pgerr.Error) {
	if cs == nil {
		return b, CheckText(b)
	}
	out, err := cs.Decode(b)
	if err != nil {
		e, _ := pgerr.As(err)
		return nil, e
	}
	return out, nil
}

// CheckText reports text that PostgreSQL would not take in a database with UTF-8: invalid sequences and the zero byte.
func CheckText(b []byte) *pgerr.Error {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return nil
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if b[i] == 0 || r == utf8.RuneError && size == 1 {
			return invalidSequence(b[i:])
		}
		i += size
	}
	return nil
}

// invalidSequence prints the bytes of the character that b begins with, as many as its first byte asks for.
func invalidSequence(b []byte) *pgerr.Error {
	n := 1
	switch c := b[0]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	}
	var hex strings.Builder
	for i, c := range b[:min(n, len(b))] {
		if i > 0 {
			hex.WriteByte(' ')
		}
		fmt.Fprintf(&hex, "0x%02x", c)
	}
	return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", hex.String())
}
