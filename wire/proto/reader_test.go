package proto

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestNext(t *testing.T) {
	const closed, truncated = "proto: connection closed by the peer", "proto: connection ended within a message"
	tests := []struct {
		name  string
		state State
		input string
		want  string // types with bodies, then the error
	}{
		{"several", Ready, "Q\x00\x00\x00\x06a\x00S\x00\x00\x00\x04", "Q:a\x00 S: " + closed},
		{"nothing", Ready, "", closed},
		{"half a header", Ready, "Q\x00\x00", truncated},
		{"half a body", Ready, "Q\x00\x00\x00\x09abc", truncated},
		{"unknown type", Ready, "z", "invalid frontend message type 122 (SQLSTATE 08P01)"},
		{"password out of place", Ready, "p\x00\x00\x00\x04", "invalid frontend message type 112 (SQLSTATE 08P01)"},
		{"query out of place", Authenticating, "Q\x00\x00\x00\x04", "expected SASL response, got message type 81 (SQLSTATE 08P01)"},
		{"query in COPY", CopyingIn, "Q\x00\x00\x00\x04", "unexpected message type 0x51 during COPY from stdin (SQLSTATE 08P01)"},
		{"length below itself", Ready, "S\x00\x00\x00\x03", "invalid message length (SQLSTATE 08P01)"},
		{"negative length", Ready, "Q\xff\xff\xff\xff", "invalid message length (SQLSTATE 08P01)"},
		{"more than a small message", Ready, "S\x00\x00\x27\x11", "invalid message length (SQLSTATE 08P01)"},
		{"more than any message", Ready, "Q\x40\x00\x00\x00", "invalid message length (SQLSTATE 08P01)"},
		{"a large answer before login", Authenticating, "p\x00\x01\x00\x00", "invalid message length (SQLSTATE 08P01)"},
	}
	for _, test := range tests {
		for chunking, src := range map[string]io.Reader{"whole": strings.NewReader(test.input), "by bytes": iotest.OneByteReader(strings.NewReader(test.input))} {
			t.Run(test.name+"/"+chunking, func(t *testing.T) {
				r := NewReader(src)
				var got []string
				for {
					kind, body, err := r.Next(test.state)
					if err != nil {
						got = append(got, err.Error())
						break
					}
					got = append(got, string(kind)+":"+string(body))
				}
				if text := strings.Join(got, " "); text != test.want {
					t.Errorf("got %q, not %q", text, test.want)
				}
			})
		}
	}
}

// TestMemoryFollowsBytes announces a gigabyte and sends little.
func TestMemoryFollowsBytes(t *testing.T) {
	sent := append([]byte("Q\x3f\xff\xff\xfe"), make([]byte, 300_000)...)
	r := NewReader(bytes.NewReader(sent))
	if _, _, err := r.Next(Ready); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v", err)
	}
	if len(r.buf) > 4*len(sent) {
		t.Errorf("%d bytes are held for %d that came", len(r.buf), len(sent))
	}
}

// TestRandomFrames reads frames of random sizes in random pieces, giving memory back in between.
func TestRandomFrames(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var stream []byte
	var bodies [][]byte
	for range 300 {
		size := rnd.IntN(200)
		if rnd.IntN(20) == 0 {
			size = rnd.IntN(300_000)
		}
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(rnd.Uint32())
		}
		bodies = append(bodies, body)
		n := uint32(size + 4)
		stream = append(append(stream, 'd', byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), body...)
	}
	r := NewReader(&pieces{stream, rnd})
	for i, want := range bodies {
		if rnd.IntN(3) == 0 {
			r.Idle()
		}
		kind, body, err := r.Next(CopyingIn)
		if err != nil || kind != 'd' || !bytes.Equal(body, want) {
			t.Fatalf("frame %d: %q, %d bytes, %v", i, kind, len(body), err)
		}
	}
	if r.Idle(); len(r.buf) != smallBuffer {
		t.Errorf("%d bytes are held while idle", len(r.buf))
	}
}

// pieces reads a random number of bytes at a time.
type pieces struct {
	rest []byte
	rnd  *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1+p.rnd.IntN(5000))], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func TestCheckText(t *testing.T) {
	tests := map[string]string{
		"":                 "",
		"plain":            "",
		"žluťoučký 𝒳":      "",
		"a\x00":            "0x00",
		"\xff":             "0xff",
		"\x80x":            "0x80",
		"\xc3":             "0xc3",
		"\xc3(":            "0xc3 0x28",
		"\xe4\xb8":         "0xe4 0xb8",
		"ok\xe4\xb8'":      "0xe4 0xb8 0x27",
		"\xed\xa0\x80":     "0xed 0xa0 0x80",
		"\xf4\x90\x80\x80": "0xf4 0x90 0x80 0x80",
		"\ufffd\xf8abc":    "0xf8",
	}
	for text, want := range tests {
		err := CheckText([]byte(text))
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || err.Code != pgerr.CharacterNotInRepertoire || !strings.HasSuffix(err.Message, `"UTF8": `+want)):
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}
