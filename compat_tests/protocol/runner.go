package protocol

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgproto3/v2"
)

// patience bounds every wait of a script.
const patience = 15 * time.Second

// connection is one connection of a script.
type connection struct {
	net     net.Conn
	pending []byte
	key     []byte // the body of BackendKeyData
}

// runner runs one script.
type runner struct {
	address     string
	connections map[string]*connection
	current     *connection
}

// run executes the steps and gives what came back at each.
func run(address string, steps []step) (got [][]string, err error) {
	r := &runner{address: address, connections: map[string]*connection{}}
	defer func() {
		for _, c := range r.connections {
			_ = c.net.Close()
		}
	}()
	got = make([][]string, len(steps))
	for i, s := range steps {
		if s.word == "" {
			continue
		}
		if got[i], err = r.step(s); err != nil {
			return got, fmt.Errorf("line %d: %s: %w", s.line, s.text, err)
		}
	}
	return got, nil
}

func (r *runner) step(s step) ([]string, error) {
	switch s.word {
	case "connection":
		return nil, r.use(s.rest, true)
	case "socket":
		return nil, r.use(s.rest, false)
	}
	if r.current == nil {
		if err := r.use("main", true); err != nil {
			return nil, err
		}
	}
	c := r.current
	switch s.word {
	case "setup":
		message, err := (&pgproto3.Query{String: s.rest}).Encode(nil)
		if err != nil {
			return nil, err
		}
		c.pending = append(c.pending, message...)
		_, err = c.until("ReadyForQuery")
		return nil, err
	case "bytes":
		raw, err := strconv.Unquote(s.rest)
		c.pending = append(c.pending, raw...)
		return nil, err
	case "frame":
		kind, text, _ := strings.Cut(s.rest, " ")
		body, err := strconv.Unquote(text)
		c.pending = binary.BigEndian.AppendUint32(append(c.pending, kind...), uint32(len(body)+4))
		c.pending = append(c.pending, body...)
		return nil, err
	case "cancel":
		return nil, r.cancel(s.rest)
	case "half-close":
		if err := c.flush(); err != nil {
			return nil, err
		}
		return nil, c.net.(*net.TCPConn).CloseWrite()
	case "until":
		return c.until(s.rest)
	}
	message, ok, err := encode(s.word, s.rest)
	if !ok {
		return nil, errors.New("the line is neither a message nor a command")
	}
	c.pending = append(c.pending, message...)
	return nil, err
}

// use switches to a connection, which is made when there is none of the name.
func (r *runner) use(name string, login bool) error {
	if c := r.connections[name]; c != nil && login {
		r.current = c
		return nil
	}
	nc, err := net.DialTimeout("tcp", r.address, patience)
	if err != nil {
		return err
	}
	r.current = &connection{net: nc}
	r.connections[name] = r.current
	if !login {
		return nil
	}
	parameters, err := json.Marshal(map[string]any{"Version": "3.0", "Parameters": []string{"user", "postgres", "database", "postgres"}})
	if err != nil {
		return err
	}
	r.current.pending, _, err = encode("Startup", string(parameters))
	if err != nil {
		return err
	}
	_, err = r.current.until("ReadyForQuery")
	return err
}

// cancel sends a CancelRequest for a connection and waits until the server has read it.
func (r *runner) cancel(name string) error {
	target := r.connections[name]
	if target == nil || target.key == nil {
		return fmt.Errorf("connection %q has no key", name)
	}
	// What is to be cancelled must have been sent, and begun.
	if err := target.flush(); err != nil {
		return err
	}
	time.Sleep(200 * time.Millisecond)
	nc, err := net.DialTimeout("tcp", r.address, patience)
	if err != nil {
		return err
	}
	defer nc.Close()
	packet := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 16}, 80877102)
	if _, err := nc.Write(append(packet, target.key...)); err != nil {
		return err
	}
	_ = nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("the server answered a CancelRequest: %w", err)
	}
	return nil
}

func (c *connection) flush() error {
	_ = c.net.SetDeadline(time.Now().Add(patience))
	_, err := c.net.Write(c.pending)
	c.pending = c.pending[:0]
	return err
}

// until sends what is pending and reads up to a message of the type. "close" reads to the end of the connection, "byte" one byte that is no message,
// "text" all that comes, messages or not.
func (c *connection) until(kind string) ([]string, error) {
	lines, err := c.readUntil(kind)
	sortStatus(lines)
	return lines, err
}

// sortStatus sorts neighbouring ParameterStatus lines, whose order means nothing.
func sortStatus(lines []string) {
	const prefix = "ParameterStatus "
	for i := 0; i < len(lines); i++ {
		j := i
		for j < len(lines) && strings.HasPrefix(lines[j], prefix) {
			j++
		}
		if j > i {
			slices.Sort(lines[i:j])
			i = j - 1
		}
	}
}

func (c *connection) readUntil(kind string) ([]string, error) {
	// A server that has closed the connection may have sent its reason before.
	if err := c.flush(); err != nil && kind != "close" {
		return nil, err
	}
	if kind == "text" {
		text, err := io.ReadAll(io.LimitReader(c.net, 1<<16))
		return []string{strconv.Quote(string(text)), "close"}, err
	}
	if kind == "byte" {
		var b [1]byte
		_, err := io.ReadFull(c.net, b[:])
		return []string{string(b[:])}, err
	}
	var lines []string
	for {
		k, body, err := c.read()
		if err != nil {
			if kind == "close" && !errors.Is(err, errTimeout) {
				return append(lines, "close"), nil
			}
			return append(lines, "then: "+err.Error()), err
		}
		if k == 'K' {
			c.key = body
		}
		line, ok, err := render(k, body)
		if err != nil {
			return lines, err
		}
		if ok {
			lines = append(lines, line)
		}
		if kinds[k] == kind {
			return lines, nil
		}
	}
}

var errTimeout = errors.New("nothing more came")

func (c *connection) read() (byte, []byte, error) {
	var header [5]byte
	if _, err := io.ReadFull(c.net, header[:]); err != nil {
		return 0, nil, timeout(err)
	}
	n := binary.BigEndian.Uint32(header[1:])
	if n < 4 || n > 1<<28 {
		return 0, nil, fmt.Errorf("a message of type %q and length %d", header[0], n)
	}
	body := make([]byte, n-4)
	_, err := io.ReadFull(c.net, body)
	return header[0], body, timeout(err)
}

func timeout(err error) error {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return errTimeout
	}
	return err
}
