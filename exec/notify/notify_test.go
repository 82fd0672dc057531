package notify

import (
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"testing"
)

// session is a listener with short forms.
type session struct {
	*Listener
	woken int
}

func newSession(h *Hub, database uint32, pid int32) *session {
	s := &session{}
	s.Listener = h.NewListener(database, pid, func() { s.woken++ })
	return s
}

// commit does "+a" (LISTEN), "-a", "-" (UNLISTEN *) and "a:payload" (NOTIFY).
func (s *session) commit(t *testing.T, words ...string) {
	t.Helper()
	h := s.hub
	p := pending(t, words...)
	if err := h.Reserve(p); err != nil {
		t.Fatal(err)
	}
	h.Release(h.Enter(s.Listener, p))
}

func pending(t *testing.T, words ...string) *Pending {
	t.Helper()
	p := &Pending{}
	for _, w := range words {
		switch {
		case w[0] == '+':
			p.Listen(w[1:])
		case w[0] == '-':
			p.Unlisten(w[1:])
		default:
			channel, payload, _ := strings.Cut(w, ":")
			if err := p.Notify(channel, payload); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func (s *session) read(t *testing.T) string {
	t.Helper()
	var out []string
	if err := s.Read(func(pid int32, channel, payload string) error {
		out = append(out, fmt.Sprintf("%d/%s:%s", pid, channel, payload))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func (s *session) want(t *testing.T, want string) {
	t.Helper()
	if got := s.read(t); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDelivery(t *testing.T) {
	h := NewHub(DefaultSize)
	a, b, other := newSession(h, 1, 1), newSession(h, 1, 2), newSession(h, 2, 3)
	b.commit(t, "x:before")
	a.commit(t, "+x", "x:own", "x:own", "x:second", "y:no")
	other.commit(t, "+x")
	a.want(t, "1/x:own 1/x:second")
	if a.woken != 1 {
		t.Errorf("woken %d times", a.woken)
	}
	b.commit(t, "+y", "x:1", "y:2")
	a.commit(t, "+y")
	a.want(t, "2/x:1 2/y:2") // what it has not read is filtered when it reads
	b.want(t, "2/y:2")
	b.commit(t, "-y", "y:3")
	a.commit(t, "-")
	b.commit(t, "y:4")
	a.want(t, "")
	b.want(t, "")
	other.want(t, "")
	if h.Usage() != 0 || len(h.queue) != 0 {
		t.Errorf("left: %d batches, usage %g", len(h.queue), h.Usage())
	}
}

// What is not committed yet is not read, and does not hold up who listens to something else.
func TestOrder(t *testing.T) {
	h := NewHub(DefaultSize)
	a, b := newSession(h, 1, 1), newSession(h, 1, 2)
	a.commit(t, "+x")
	b.commit(t, "+y")
	p := pending(t, "x:first")
	if err := h.Reserve(p); err != nil {
		t.Fatal(err)
	}
	first := h.Enter(b.Listener, p)
	b.commit(t, "x:second", "y:1")
	a.want(t, "")
	b.want(t, "2/y:1")
	h.Release(first)
	a.want(t, "2/x:first 2/x:second")
	if h.Usage() != 0 {
		t.Errorf("usage %g", h.Usage())
	}
}

func TestFull(t *testing.T) {
	h := NewHub(1000)
	a, b := newSession(h, 1, 1), newSession(h, 1, 2)
	a.commit(t, "+x")
	sent := 0
	for {
		p := pending(t, "x:"+strings.Repeat("p", 100))
		if err := h.Reserve(p); err != nil {
			if !strings.Contains(err.Error(), "too many notifications") {
				t.Fatal(err)
			}
			break
		}
		h.Release(h.Enter(b.Listener, p))
		sent++
	}
	if sent != 6 || h.Usage() < 0.9 {
		t.Errorf("%d sent, usage %g", sent, h.Usage())
	}
	a.read(t)
	b.commit(t, "x:again")
	a.want(t, "2/x:again")
	p := pending(t, "x:fails")
	if err := h.Reserve(p); err != nil {
		t.Fatal(err)
	}
	h.Cancel(p)
	a.commit(t, "+z", "x:unread")
	a.Close()
	if h.Usage() != 0 {
		t.Errorf("usage %g", h.Usage())
	}
}

func TestSavepoints(t *testing.T) {
	p := pending(t, "x:1", "+a")
	m := p.Mark()
	if err := p.Notify("x", "2"); err != nil {
		t.Fatal(err)
	}
	p.Listen("b")
	p.RollbackTo(m)
	if err := p.Notify("x", "2"); err != nil {
		t.Fatal(err)
	}
	if err := p.Notify("x", "1"); err != nil {
		t.Fatal(err)
	}
	if len(p.messages) != 2 || len(p.changes) != 1 || p.bytes != p.messages[0].size()+p.messages[1].size() {
		t.Errorf("%+v", p)
	}
	for channel, payload := range map[string]string{"": "", strings.Repeat("c", 64): "", "c": strings.Repeat("p", 8000)} {
		if p.Notify(channel, payload) == nil {
			t.Error("accepted", len(channel), len(payload))
		}
	}
	if err := p.Notify(strings.Repeat("c", 63), strings.Repeat("p", 7999)); err != nil {
		t.Error(err)
	}
}

// Every listener gets everything once and in one order.
func TestConcurrent(t *testing.T) {
	const notifiers, each = 4, 300
	h := NewHub(DefaultSize)
	var listeners []*Listener
	var wakes []chan struct{}
	for i := range 3 {
		wake := make(chan struct{}, 1)
		l := h.NewListener(1, int32(100+i), func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		h.Enter(l, pending(t, "+x"))
		listeners, wakes = append(listeners, l), append(wakes, wake)
	}
	var group sync.WaitGroup
	for n := range notifiers {
		group.Add(1)
		go func() {
			defer group.Done()
			rnd := rand.New(rand.NewSource(int64(n)))
			l := h.NewListener(1, int32(n), func() {})
			for i := range each {
				p := &Pending{}
				_ = p.Notify([]string{"x", "other"}[rnd.Intn(2)], "filler")
				_ = p.Notify("x", fmt.Sprint(i))
				if h.Reserve(p) == nil {
					h.Release(h.Enter(l, p))
				}
			}
		}()
	}
	logs := make([][]string, len(listeners))
	for i, l := range listeners {
		group.Add(1)
		go func() {
			defer group.Done()
			for count := 0; count < notifiers*each; {
				<-wakes[i]
				_ = l.Read(func(pid int32, _, payload string) error {
					if payload != "filler" {
						logs[i] = append(logs[i], fmt.Sprint(pid, ":", payload))
						count++
					}
					return nil
				})
			}
		}()
	}
	group.Wait()
	for i := range logs {
		if strings.Join(logs[i], " ") != strings.Join(logs[0], " ") {
			t.Errorf("listener %d has another order", i)
		}
	}
	if h.Usage() != 0 {
		t.Errorf("usage %g", h.Usage())
	}
}
