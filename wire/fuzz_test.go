package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// tapeConn is a connection whose client has sent everything beforehand.
type tapeConn struct {
	loopConn
	input *bytes.Reader
}

func (c *tapeConn) Read(p []byte) (int, error) { return c.input.Read(p) }

var _ net.Conn = (*tapeConn)(nil)

// FuzzConversation plays arbitrary bytes to a connection that has logged in. It must come to an end without a panic, and every error
// that the session hears of has an SQLSTATE.
func FuzzConversation(f *testing.F) {
	seed := func(messages ...pgproto3.FrontendMessage) {
		var b []byte
		for _, m := range messages {
			b, _ = m.Encode(b)
		}
		f.Add(b)
	}
	seed(&pgproto3.Query{String: "rows 2; notice x; set a b"}, &pgproto3.Query{String: "begin"}, &pgproto3.Query{String: "error"}, &pgproto3.Terminate{})
	seed(&pgproto3.Parse{Query: "echo", ParameterOIDs: []uint32{23, 25}}, &pgproto3.Describe{ObjectType: 'S'},
		&pgproto3.Bind{Parameters: [][]byte{[]byte("1"), []byte("x")}}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})
	seed(&pgproto3.Query{String: "copyin"}, &pgproto3.CopyData{Data: []byte("1")}, &pgproto3.CopyDone{}, &pgproto3.Query{String: "copyout"})
	seed(&pgproto3.Parse{Query: "copyin"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.CopyFail{Message: "no"}, &pgproto3.Sync{})
	seed(&pgproto3.Parse{Name: "r", Query: "rows 3"}, &pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "r"}, &pgproto3.Execute{Portal: "p", MaxRows: 1},
		&pgproto3.Flush{}, &pgproto3.Close{ObjectType: 'P', Name: "p"}, &pgproto3.Sync{})
	f.Add([]byte("F\x00\x00\x00\x06\x00\x00Q\x00\x00\x00\x04"))
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, word := range []string{"sleep", "panic", "plainerror", "big", "0000"} {
			if bytes.Contains(input, []byte(word)) {
				t.Skip("the fake engine would be told to misbehave, or to yield too many rows")
			}
		}
		b := &fakeBackend{}
		server, err := New(Options{Backend: b})
		if err != nil {
			t.Fatal(err)
		}
		c := newConn(server, &tapeConn{input: bytes.NewReader(input)})
		if c.session, err = b.Open(t.Context(), SessionOptions{}); err != nil {
			t.Fatal(err)
		}
		err = c.loop()
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("the loop ended with %v", err)
		}
		for _, e := range b.lastSession().failed {
			if _, ok := pgerr.As(e); !ok {
				t.Fatalf("error without SQLSTATE: %v", e)
			}
		}
	})
}
