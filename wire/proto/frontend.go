package proto

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
)

// Parse is a Parse message. The names alias the message's body.
type Parse struct {
	Name, Text []byte
	Types      []pgtype.OID
}

// DecodeParse decodes a Parse message.
func DecodeParse(body []byte, cs *charset.Charset) (Parse, error) {
	b := NewBody(body, cs)
	p := Parse{Name: b.Text(), Text: b.Text()}
	n := int(uint16(b.Int16()))
	if n > 0 && n*4 <= b.Len() {
		p.Types = make([]pgtype.OID, 0, n)
	}
	for range n {
		p.Types = append(p.Types, pgtype.OID(b.Int32()))
		if b.err != nil {
			break
		}
	}
	return p, b.End()
}

// Target is what Describe and Close name: a prepared statement ('S') or a portal ('P').
type Target struct {
	Kind byte
	Name []byte
}

// DecodeTarget decodes a Describe or a Close message; word is its name in the error for another kind.
func DecodeTarget(body []byte, cs *charset.Charset, word string) (Target, error) {
	b := NewBody(body, cs)
	t := Target{Kind: b.Byte(), Name: b.Text()}
	if err := b.End(); err != nil {
		return t, err
	}
	if t.Kind != 'S' && t.Kind != 'P' {
		return t, pgerr.Newf(pgerr.ProtocolViolation, "invalid %s message subtype %d", word, t.Kind)
	}
	return t, nil
}

// DecodeExecute decodes an Execute message. limit is 0 for all rows.
func DecodeExecute(body []byte, cs *charset.Charset) (portal []byte, limit int, err error) {
	b := NewBody(body, cs)
	portal = b.Text()
	limit = max(0, int(b.Int32()))
	return portal, limit, b.End()
}

// DecodeString decodes a message that is one string: Query and CopyFail.
func DecodeString(body []byte, cs *charset.Charset) ([]byte, error) {
	b := NewBody(body, cs)
	s := b.Text()
	return s, b.End()
}

// DecodeEmpty checks a message that has no body: Sync, Flush, CopyDone.
func DecodeEmpty(body []byte) error {
	b := NewBody(body, nil)
	return b.End()
}

// DecodeSASLInitial decodes a SASLInitialResponse. data is nil when the client sent no initial response.
func DecodeSASLInitial(body []byte) (mechanism string, data []byte, err error) {
	b := NewBody(body, nil)
	mechanism = string(b.Text())
	if n := b.Int32(); n != -1 {
		data = b.Bytes(int(n))
	}
	return mechanism, data, b.End()
}
