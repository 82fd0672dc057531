package wire

import (
	"errors"
	"io"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
	"github.com/kalampg/kalampg/wire/proto"
)

// copyReader is the client's stream during COPY FROM STDIN.
type copyReader struct {
	c    *conn
	text bool   // of a text format, in the client's encoding
	part []byte // the beginning of a character whose rest is in the next message
}

// Next gives the next piece of the stream.
func (r *copyReader) Next() ([]byte, error) {
	for {
		kind, body, err := r.c.in.Next(proto.CopyingIn)
		if err != nil {
			return nil, r.c.copyFailure(err)
		}
		switch kind {
		case 'd':
			if cs := r.c.out.Charset; cs != nil && r.text {
				return r.decode(cs, body)
			}
			return body, nil
		case 'c':
			if cs := r.c.out.Charset; cs != nil && len(r.part) > 0 {
				_, err := cs.Decode(r.part)
				return nil, err
			}
			return nil, io.EOF
		case 'f':
			reason, err := proto.DecodeString(body, r.c.out.Charset)
			if err != nil {
				return nil, err
			}
			return nil, pgerr.Newf(pgerr.QueryCanceled, "COPY from stdin failed: %s", reason)
		}
		// Flush and Sync: a client of the extended protocol may have sent them before it knew that this is a COPY.
	}
}

// decode turns a piece of the stream into UTF-8; a character that it ends within waits for the next.
func (r *copyReader) decode(cs *charset.Charset, body []byte) ([]byte, error) {
	if len(r.part) > 0 {
		body = append(r.part, body...)
	}
	whole := cs.Whole(body)
	r.part = append([]byte(nil), body[whole:]...)
	return cs.Decode(body[:whole])
}

// copyFailure is the error that a COPY ends with when the stream itself is at fault.
func (c *conn) copyFailure(err error) error {
	var refused *proto.TypeError
	if errors.As(err, &refused) {
		c.lost = true
		return refused.Coded()
	}
	if e, ok := pgerr.As(err); ok {
		c.lost = true
		return e
	}
	if e := c.intr.awake(); e != nil {
		return e
	}
	c.lost = true
	return pgerr.Wrap(err, pgerr.ConnectionFailure, "unexpected EOF on client connection with an open transaction")
}
