package isolation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// patience is how long a step may neither end nor be found waiting.
const patience = 20 * time.Second

// runner runs the permutations of a script.
type runner struct {
	dsn     string
	spec    *spec
	steps   map[string]*step
	control *pgconn.PgConn

	sessions []*session
	out      []string
}

// session is one connection of a permutation.
type session struct {
	spec    *sessionSpec
	conn    *pgconn.PgConn
	pid     uint32
	events  []string // notices and notifications since the last step
	running *step
	done    chan []string
	told    bool // that it waits
}

var errInvalid = errors.New("invalid permutation")

func (r *runner) connect(ctx context.Context, s *session) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(r.dsn)
	if err != nil {
		return nil, err
	}
	if s != nil {
		config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
			s.events = append(s.events, fmt.Sprintf("%s %s: %s", n.Severity, n.Code, n.Message))
		}
		config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
			s.events = append(s.events, fmt.Sprintf("notification of %s from %s: %q", n.Channel, r.name(n.PID), n.Payload))
		}
	}
	return pgconn.ConnectConfig(ctx, config)
}

func (r *runner) name(pid uint32) string {
	for _, s := range r.sessions {
		if s.pid == pid {
			return s.spec.name
		}
	}
	return "elsewhere"
}

// permutation runs one order of steps and gives what happened.
func (r *runner) permutation(ctx context.Context, names []string) (string, error) {
	r.out, r.sessions = nil, nil
	if err := r.plain(ctx, r.spec.setup); err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	defer func() {
		for _, s := range r.sessions {
			_ = s.conn.Close(context.Background())
		}
	}()
	for _, x := range r.spec.sessions {
		s := &session{spec: x}
		var err error
		if s.conn, err = r.connect(ctx, s); err != nil {
			return "", err
		}
		s.pid = s.conn.PID()
		r.sessions = append(r.sessions, s)
		if x.setup != "" {
			if out := s.execute(ctx, x.setup); strings.Contains(strings.Join(out, "\n"), "error ") {
				return "", fmt.Errorf("setup of %s: %s", x.name, out)
			}
		}
	}
	err := r.run(ctx, names)
	if errors.Is(err, errInvalid) {
		r.out = append(r.out, errInvalid.Error())
		err = r.abandon(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%w after:\n%s", err, strings.Join(r.out, "\n"))
	}
	for _, s := range r.sessions {
		if err := s.conn.Close(ctx); err != nil {
			return "", err
		}
	}
	if err := r.gone(ctx); err != nil {
		return "", err
	}
	if err := r.plain(ctx, r.spec.teardown); err != nil {
		return "", fmt.Errorf("teardown: %w", err)
	}
	return strings.Join(r.out, "\n"), nil
}

func (r *runner) run(ctx context.Context, names []string) error {
	for _, name := range names {
		x := r.steps[strings.TrimSuffix(name, "!")]
		s := r.sessions[x.session]
		if s.running != nil {
			return errInvalid
		}
		s.start(ctx, x)
		if err := r.settle(ctx, s, strings.HasSuffix(name, "!")); err != nil {
			return err
		}
	}
	for _, s := range r.sessions {
		if s.running != nil {
			return errInvalid // nobody is left to end its wait
		}
	}
	return nil
}

// settle waits until the session's step has ended or waits for others, and then the same of those who waited before.
func (r *runner) settle(ctx context.Context, s *session, toTheEnd bool) error {
	if err := r.await(ctx, s, toTheEnd); err != nil {
		return err
	}
	if s.running != nil {
		return nil // nobody's wait ends by that
	}
	for again := true; again; {
		again = false
		for _, other := range r.sessions {
			if other.running == nil || other == s {
				continue
			}
			if err := r.await(ctx, other, false); err != nil {
				return err
			}
			again = again || other.running == nil
		}
	}
	return nil
}

// await waits until a session's step has ended or waits for others.
func (r *runner) await(ctx context.Context, s *session, toTheEnd bool) error {
	limit := time.After(patience)
	for {
		select {
		case lines := <-s.done:
			r.report(s, lines)
			return nil
		case <-limit:
			return fmt.Errorf("step %s neither ends nor waits", s.running.name)
		case <-time.After(3 * time.Millisecond):
		}
		if toTheEnd {
			continue
		}
		blocked, err := r.blocked(ctx, s)
		if err != nil {
			return err
		}
		if blocked {
			select {
			case lines := <-s.done: // it ended after all
				r.report(s, lines)
			default:
				if !s.told {
					r.out = append(r.out, fmt.Sprintf("%s: %s <waiting>", s.running.name, oneLine(s.running.text)))
					s.told = true
				}
			}
			return nil
		}
	}
}

func (r *runner) report(s *session, lines []string) {
	head := fmt.Sprintf("%s: %s", s.running.name, oneLine(s.running.text))
	if s.told {
		head = fmt.Sprintf("%s: <continues>", s.running.name)
	}
	r.out = append(r.out, head)
	for _, l := range lines {
		r.out = append(r.out, "  "+l)
	}
	s.running, s.told = nil, false
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// blocked tells whether a session waits for others.
func (r *runner) blocked(ctx context.Context, s *session) (bool, error) {
	q := fmt.Sprintf("SELECT pg_blocking_pids(%d) <> '{}' OR pg_safe_snapshot_blocking_pids(%d) <> '{}'", s.pid, s.pid)
	results, err := r.control.Exec(ctx, q).ReadAll()
	if err != nil {
		return false, err
	}
	return string(results[0].Rows[0][0]) == "t", nil
}

// abandon ends a permutation in which somebody waits for ever.
func (r *runner) abandon(ctx context.Context) error {
	for _, s := range r.sessions {
		if s.running == nil {
			continue
		}
		if _, err := r.control.Exec(ctx, fmt.Sprintf("SELECT pg_terminate_backend(%d)", s.pid)).ReadAll(); err != nil {
			return err
		}
		<-s.done
	}
	return nil
}

// gone waits until the server has ended all sessions of the permutation.
func (r *runner) gone(ctx context.Context) error {
	var pids []string
	for _, s := range r.sessions {
		pids = append(pids, fmt.Sprint(s.pid))
	}
	q := "SELECT count(*) FROM pg_stat_activity WHERE pid IN (" + strings.Join(pids, ",") + ")"
	for deadline := time.Now().Add(patience); ; time.Sleep(3 * time.Millisecond) {
		results, err := r.control.Exec(ctx, q).ReadAll()
		if err != nil {
			return err
		}
		if string(results[0].Rows[0][0]) == "0" {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("sessions do not end")
		}
	}
}

// plain runs statements outside the sessions, each by itself.
func (r *runner) plain(ctx context.Context, text string) error {
	for _, one := range strings.Split(text, ";\n") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		if _, err := r.control.Exec(ctx, one).ReadAll(); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) start(ctx context.Context, x *step) {
	s.running = x
	s.done = make(chan []string, 1)
	go func() { s.done <- s.execute(ctx, x.text) }()
}

var (
	deadlockIDs = regexp.MustCompile(`(?m)^Process \d+ waits for (\w+) on (\w+ ?\w*) .*; blocked by process \d+\.$`)
	pivotID     = regexp.MustCompile(`pivot \d+`)
)

// execute runs statements and gives what the server said.
func (s *session) execute(ctx context.Context, text string) []string {
	s.events = nil
	results, err := s.conn.Exec(ctx, text).ReadAll()
	var lines []string
	for _, res := range results {
		if res.Err != nil {
			continue
		}
		for _, row := range res.Rows {
			fields := make([]string, len(row))
			for i, f := range row {
				if fields[i] = string(f); f == nil {
					fields[i] = "NULL"
				}
			}
			lines = append(lines, strings.Join(fields, " | "))
		}
		if tag := res.CommandTag.String(); len(results) == 1 || len(res.Rows) > 0 || !strings.HasPrefix(tag, "SELECT") {
			lines = append(lines, tag)
		}
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		lines = append(lines, fmt.Sprintf("error %s: %s", e.Code, e.Message))
		detail := pivotID.ReplaceAllString(deadlockIDs.ReplaceAllString(e.Detail, "Process … waits for $1 on $2 …"), "pivot …")
		for _, l := range strings.Split(detail, "\n") {
			if l != "" {
				lines = append(lines, "detail: "+l)
			}
		}
		if e.Hint != "" {
			lines = append(lines, "hint: "+e.Hint)
		}
	} else if err != nil {
		lines = append(lines, "lost: "+err.Error())
	}
	return append(lines, s.events...)
}
