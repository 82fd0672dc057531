package proto

import (
	"bytes"
	"errors"
	"testing"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// frontendMessages are well-formed messages to start from.
func frontendMessages() []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{
		&pgproto3.Query{String: "select 1"}, &pgproto3.Parse{Name: "s", Query: "select $1", ParameterOIDs: []uint32{23}},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s", Parameters: [][]byte{[]byte("1"), nil, {0, 0, 0, 7}},
			ParameterFormatCodes: []int16{0, 0, 1}, ResultFormatCodes: []int16{1}},
		&pgproto3.Execute{Portal: "p", MaxRows: 5}, &pgproto3.Describe{ObjectType: 'S', Name: "s"}, &pgproto3.Close{ObjectType: 'P', Name: "p"},
		&pgproto3.Sync{}, &pgproto3.Flush{}, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyDone{}, &pgproto3.CopyFail{Message: "no"},
		&pgproto3.Terminate{}, &pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,n=,r=x")},
	}
}

// FuzzMessages reads a stream of messages and decodes each as what it claims to be. Nothing may panic, every error has an SQLSTATE, and no memory is
// taken that the input does not account for.
func FuzzMessages(f *testing.F) {
	for _, m := range frontendMessages() {
		b, err := m.Encode(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(Ready), b)
		f.Add(byte(Authenticating), b)
		f.Add(byte(CopyingIn), b)
		f.Add(byte(Ready), b[:len(b)-1])
	}
	f.Add(byte(Ready), []byte("Q\x00\x00\x00\x04"))
	f.Add(byte(Ready), []byte("F\x00\x00\x00\x06\x00\x00"))
	f.Add(byte(Ready), []byte("B\x00\x00\x00\x12\x00s\x00\x00\x00\x00\x01\xff\xff\xff\xfe\x00\x00"))
	f.Add(byte(Ready), []byte("P\x00\x00\x00\x08\x00\x00\xff\xff"))
	f.Add(byte(Ready), []byte("Q\x3f\xff\xff\xfe"))
	f.Fuzz(func(t *testing.T, state byte, input []byte) {
		r := NewReader(bytes.NewReader(input))
		for {
			kind, body, err := r.Next(State(state % 3))
			if err != nil {
				var wrongType *TypeError
				if _, coded := pgerr.As(err); !coded && !errors.As(err, &wrongType) && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrTruncated) {
					t.Fatalf("error without a code: %v", err)
				}
				break
			}
			if err := decode(kind, body); err != nil {
				if e, ok := pgerr.As(err); !ok || e.Code == pgerr.InternalError {
					t.Fatalf("%q: %v", kind, err)
				}
			}
		}
		if len(r.buf) > 2*len(input)+largeBuffer {
			t.Fatalf("%d bytes are held for %d", len(r.buf), len(input))
		}
	})
}

// decode decodes a body as the wire does.
func decode(kind byte, body []byte) (err error) {
	switch kind {
	case 'Q', 'f':
		_, err = DecodeString(body, nil)
	case 'P':
		_, err = DecodeParse(body, nil)
	case 'D', 'C':
		_, err = DecodeTarget(body, nil, "DESCRIBE")
	case 'E':
		_, _, err = DecodeExecute(body, nil)
	case 'S', 'H', 'c':
		err = DecodeEmpty(body)
	case 'p':
		_, _, err = DecodeSASLInitial(body)
	case 'B':
		var b Bind
		if err = b.Start(body, nil); err != nil {
			return err
		}
		types := []*pgtype.Type{pgtype.Int4Type, pgtype.TextType, pgtype.ByteaType}
		if _, err = b.Counts(len(types)); err == nil {
			err = b.Decode(pgtype.Default(), types)
		}
	}
	return err
}

// FuzzStartup reads a startup packet.
func FuzzStartup(f *testing.F) {
	start, _ := (&pgproto3.StartupMessage{ProtocolVersion: 196608, Parameters: map[string]string{"user": "u"}}).Encode(nil)
	f.Add(start)
	f.Add([]byte{0, 0, 0, 8, 4, 210, 22, 47})
	f.Add([]byte{0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0})
	f.Add([]byte{0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, input []byte) {
		r := NewReader(bytes.NewReader(input))
		body, err := r.Startup()
		if err == nil && (len(body) < 4 || len(body) > MaxStartup) {
			t.Fatalf("a packet of %d bytes", len(body))
		}
		if len(r.buf) > largeBuffer {
			t.Fatalf("%d bytes are held", len(r.buf))
		}
	})
}
