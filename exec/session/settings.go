package session

import (
	"maps"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Settings are the configuration parameters of one session. Values follow PostgreSQL's scopes: SET lasts for the session but is undone when its transaction
// is rolled back; SET LOCAL lasts to the end of the transaction; savepoints undo both.
type Settings struct {
	start   map[string]string // values that RESET goes back to, where they differ from the definition's: start-up options, ALTER ROLE … SET
	current map[string]string // values that differ from the definition's
	inTxn   bool
	txn     map[string]change // what the transaction changed; nil: nothing
	text    pgtype.Context    // what the values mean to text forms, kept in step
	path    []string          // search_path, split
	quick   Quick

	// Changed is called with every parameter whose value became another one, so that the session can act on it (ParameterStatus, search path).
	Changed func(d *Definition, value string)
}

// Quick holds, in typed form, the parameters that every statement or every transaction asks for.
type Quick struct {
	StatementTimeout  time.Duration // 0: none, as for the others
	LockTimeout       time.Duration
	IdleTimeout       time.Duration // idle_session_timeout
	IdleInTransaction time.Duration // idle_in_transaction_session_timeout
	DefaultIsolation  string
	DefaultReadOnly   bool
	DefaultDeferrable bool
	Isolation         string // of the transaction
	ReadOnly          bool   // of the transaction
	Deferrable        bool   // of the transaction
	AsyncCommit       bool   // synchronous_commit is off
	UserID            string // kalam.user_id
	AllUsers          bool   // kalam.all_users
	HardDelete        bool   // kalam.hard_delete
	Role              string
	Vectorize         string // kalam.vectorize
	Replica           bool   // session_replication_role is replica
}

// quickNames are the parameters in Quick.
var quickNames = []string{"statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout", "default_transaction_isolation",
	"default_transaction_read_only", "default_transaction_deferrable", "transaction_isolation", "transaction_read_only", "transaction_deferrable", "synchronous_commit", "kalam.user_id", "kalam.all_users", "kalam.hard_delete", "role", "kalam.vectorize", "session_replication_role"}

// Quick gives the parameters that are asked for often. It is updated in place.
func (s *Settings) Quick() *Quick { return &s.quick }

// set keeps one parameter in step.
func (q *Quick) set(k, value string) {
	switch k {
	case "statement_timeout":
		q.StatementTimeout = milliseconds(value)
	case "lock_timeout":
		q.LockTimeout = milliseconds(value)
	case "idle_session_timeout":
		q.IdleTimeout = milliseconds(value)
	case "idle_in_transaction_session_timeout":
		q.IdleInTransaction = milliseconds(value)
	case "default_transaction_isolation":
		q.DefaultIsolation = value
	case "default_transaction_read_only":
		q.DefaultReadOnly = value == "on"
	case "default_transaction_deferrable":
		q.DefaultDeferrable = value == "on"
	case "transaction_isolation":
		q.Isolation = value
	case "transaction_read_only":
		q.ReadOnly = value == "on"
	case "transaction_deferrable":
		q.Deferrable = value == "on"
	case "synchronous_commit":
		q.AsyncCommit = value == "off"
	case "kalam.user_id":
		q.UserID = value
	case "kalam.all_users":
		q.AllUsers = value == "on"
	case "kalam.hard_delete":
		q.HardDelete = value == "on"
	case "role":
		q.Role = value
	case "kalam.vectorize":
		q.Vectorize = value
	case "session_replication_role":
		q.Replica = value == "replica"
	}
}

// unplanned are parameters that no plan depends on, although a statement may show them.
var unplanned = map[string]bool{"application_name": true, "client_min_messages": true, "default_transaction_deferrable": true, "default_transaction_isolation": true,
	"default_transaction_read_only": true, "idle_in_transaction_session_timeout": true, "idle_session_timeout": true, "lock_timeout": true, "statement_timeout": true,
	"synchronous_commit": true, "transaction_deferrable": true, "transaction_isolation": true, "transaction_read_only": true}

// Unplanned tells whether plans stay as they are when a parameter changes.
func Unplanned(name string) bool { return unplanned[name] }

func milliseconds(value string) time.Duration {
	n, _ := strconv.ParseInt(value, 10, 64)
	return time.Duration(n) * time.Millisecond
}

// change is what a transaction did to one parameter.
type change struct {
	before    string // value before the transaction
	session   string // value by the last SET, what a commit leaves
	committed bool   // session is set
}

// NewSettings makes settings at their defaults.
func NewSettings() *Settings {
	s := &Settings{start: make(map[string]string), current: make(map[string]string)}
	s.text = *pgtype.Default()
	s.text.TimeZoneName = "Etc/UTC"
	s.apply("search_path", s.Get("search_path"))
	for _, name := range quickNames {
		s.quick.set(name, s.Get(name))
	}
	return s
}

// Text is the formatting context that the settings amount to. It is updated in place.
func (s *Settings) Text() *pgtype.Context { return &s.text }

// Path is search_path as a list of names, unquoted; "$user" among them.
func (s *Settings) Path() []string { return s.path }

// key is the name under which a value is kept.
func key(name string) string { return strings.ToLower(name) }

// Get gives a parameter's kept value; "" for an unknown one.
func (s *Settings) Get(name string) string {
	if v, ok := s.current[name]; ok {
		return v
	}
	k := key(name)
	if v, ok := s.current[k]; ok {
		return v
	}
	if d := Find(k); d != nil {
		return d.Default
	}
	return ""
}

// Bool, Int and Milliseconds read typed values.
func (s *Settings) Bool(name string) bool { return s.Get(name) == "on" }

// Int reads an integer parameter.
func (s *Settings) Int(name string) int64 {
	n, _ := strconv.ParseInt(s.Get(name), 10, 64)
	return n
}

// Milliseconds reads a time parameter whose unit is ms.
func (s *Settings) Milliseconds(name string) time.Duration { return milliseconds(s.Get(name)) }

// Show gives what SHOW prints. An unknown name is 42704.
func (s *Settings) Show(name string) (string, error) {
	d := Find(name)
	if d == nil {
		if v, ok := s.current[key(name)]; ok {
			return v, nil
		}
		return "", unknown(name)
	}
	return d.Show(s.Get(d.Name)), nil
}

func unknown(name string) error {
	return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// custom tells whether a name may be a parameter that nobody has defined: it has a dot and two plain words.
func custom(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		if p == "" || p[0] >= '0' && p[0] <= '9' {
			return false
		}
		for _, c := range p {
			if c != '_' && c != '$' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c < 0x80 {
				return false
			}
		}
	}
	return true
}

// Scope says how long a value lasts.
type Scope uint8

// The scopes of a SET.
const (
	Session Scope = iota
	Local
	Start // a start-up option or a role's setting: what RESET goes back to
)

// Set changes a parameter. inTransaction is false outside a transaction block, where SET LOCAL has no effect.
func (s *Settings) Set(name, value string, scope Scope, superuser bool) error {
	d := Find(name)
	if d == nil {
		if !custom(name) {
			if strings.Contains(name, ".") {
				return pgerr.Newf(pgerr.InvalidName, "invalid configuration parameter name %q", name).
					WithDetail("Custom parameter names must be two or more simple identifiers separated by dots.")
			}
			return unknown(name)
		}
		s.store(key(name), value, scope)
		return nil
	}
	if err := d.settable(scope, superuser); err != nil {
		return err
	}
	kept, err := d.called(name).check(value)
	if err != nil {
		return err
	}
	if d.Name == "DateStyle" {
		kept = mergeStyle(kept, s.Get("datestyle"))
	}
	s.store(key(d.Name), kept, scope)
	return nil
}

// Boot gives a parameter the server's own value, which RESET goes back to.
func (s *Settings) Boot(name, value string) { s.store(key(name), value, Start) }

// Force changes a parameter that no client may set, as the session does for is_superuser.
func (s *Settings) Force(name, value string) { s.store(key(name), value, Session) }

// ForceLocal does the same to the end of the transaction.
func (s *Settings) ForceLocal(name, value string) { s.store(key(name), value, Local) }

func (d *Definition) settable(scope Scope, superuser bool) error {
	switch d.Context {
	case "internal":
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed", d.Name)
	case "postmaster":
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", d.Name)
	case "sighup":
		return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", d.Name)
	case "backend", "superuser-backend":
		if scope != Start {
			return pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter %q cannot be set after connection start", d.Name)
		}
	case "superuser":
		if !superuser {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set parameter %q", d.Name)
		}
	}
	return nil
}

func (s *Settings) store(k, value string, scope Scope) {
	before := s.Get(k)
	if scope == Start {
		s.start[k] = value
		s.put(k, value)
		return
	}
	if s.inTxn {
		c, known := s.txn[k]
		if !known {
			c = change{before: before}
		}
		if s.txn == nil {
			s.txn = make(map[string]change)
		}
		if scope == Session {
			c.session, c.committed = value, true
		}
		s.txn[k] = c
	}
	s.put(k, value)
}

// put changes the value in force and tells whoever wants to know.
func (s *Settings) put(k, value string) {
	before, had := s.current[k]
	if !had {
		if d := Find(k); d != nil {
			before = d.Default
		}
	}
	s.current[k] = value
	if before == value && had {
		return
	}
	s.apply(k, value)
	if d := Find(k); d != nil && s.Changed != nil && before != value {
		s.Changed(d, value)
	}
}

// apply keeps the derived state in step.
func (s *Settings) apply(k, value string) {
	switch k {
	case "timezone":
		if name, zone, ok := LoadZone(value); ok {
			s.text.TimeZoneName, s.text.Location = name, zone
		}
	case "datestyle":
		style, order, _ := strings.Cut(value, ", ")
		s.text.DateStyle, s.text.DateOrder = style[0], order[0]
	case "intervalstyle":
		s.text.IntervalStyle = map[string]byte{"postgres": 'p', "postgres_verbose": 'v', "sql_standard": 's', "iso_8601": 'i'}[value]
	case "extra_float_digits":
		s.text.ExtraFloatDigits, _ = strconv.Atoi(value)
	case "bytea_output":
		s.text.ByteaEscape = value == "escape"
	case "search_path":
		s.path = SplitNames(value)
	default:
		s.quick.set(k, value)
	}
}

// Reset gives a parameter the value that the session started with.
func (s *Settings) Reset(name string, superuser bool) error {
	d := Find(name)
	k := key(name)
	if d == nil {
		if _, ok := s.current[k]; !ok && !custom(name) {
			return unknown(name)
		}
		s.store(k, s.start[k], Session)
		return nil
	}
	if err := d.settable(Session, superuser); err != nil {
		return err
	}
	s.store(k, s.initial(k), Session)
	return nil
}

func (s *Settings) initial(k string) string {
	if v, ok := s.start[k]; ok {
		return v
	}
	if d := Find(k); d != nil {
		return d.Default
	}
	return ""
}

// notReset are parameters that RESET ALL leaves alone.
var notReset = map[string]bool{"role": true, "session_authorization": true, "is_superuser": true, "seed": true, "transaction_isolation": true,
	"transaction_read_only": true, "transaction_deferrable": true, "server_version": true}

// ResetAll gives every parameter its initial value.
func (s *Settings) ResetAll() {
	names := make([]string, 0, len(s.current))
	for k := range s.current {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		if !notReset[k] {
			s.store(k, s.initial(k), Session)
		}
	}
}

// Begin starts a transaction's scope; End closes it.
func (s *Settings) Begin() { s.inTxn = true }

// InTransaction tells whether a scope is open.
func (s *Settings) InTransaction() bool { return s.inTxn }

// End ends the transaction's scope: a commit keeps the values of SET and drops those of SET LOCAL, a rollback restores all.
func (s *Settings) End(commit bool) {
	txn := s.txn
	s.txn, s.inTxn = nil, false
	for k, c := range txn {
		value := c.before
		if commit && c.committed {
			value = c.session
		}
		s.put(k, value)
	}
}

// Mark is the settings' state at a savepoint.
type Mark struct {
	txn    map[string]change
	values map[string]string
}

// Savepoint remembers the state, RollbackTo goes back to it.
func (s *Settings) Savepoint() Mark {
	if len(s.txn) == 0 {
		return Mark{}
	}
	return Mark{txn: maps.Clone(s.txn), values: maps.Clone(s.current)}
}

// RollbackTo undoes what was changed after the mark.
func (s *Settings) RollbackTo(m Mark) {
	for k, c := range s.txn {
		if v, known := m.values[k]; known {
			s.put(k, v)
		} else {
			s.put(k, c.before)
		}
	}
	s.txn = maps.Clone(m.txn)
}

// Reported gives the parameters that a client is told at the start, with their values.
func (s *Settings) Reported() [][2]string {
	out := make([][2]string, 0, len(reported)+1)
	for _, n := range reported {
		out = append(out, [2]string{n, Find(n).Show(s.Get(n))})
	}
	return append(out, [2]string{"kalampg_version", s.Get("kalampg_version")})
}

// SplitNames splits a list of identifiers as search_path holds it: unquoted names fold to lower case, quoted ones are taken as they are.
func SplitNames(list string) []string {
	var out []string
	for i := 0; i < len(list); {
		switch c := list[i]; {
		case c == ' ' || c == ',' || c == '\t' || c == '\n':
			i++
		case c == '"':
			var name []byte
			for i++; i < len(list); i++ {
				if list[i] == '"' {
					if i+1 < len(list) && list[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				name = append(name, list[i])
			}
			i++
			out = append(out, string(name))
		default:
			start := i
			for i < len(list) && list[i] != ',' {
				i++
			}
			out = append(out, strings.ToLower(strings.TrimSpace(list[start:i])))
		}
	}
	return out
}
