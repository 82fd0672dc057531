package auth

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Method is how a client proves who it is.
type Method string

// The methods.
const (
	Trust  Method = "trust"
	Reject Method = "reject"
	SCRAM  Method = "scram-sha-256"
)

// Peer is what host rules look at.
type Peer struct {
	Address  netip.Addr // invalid for a Unix socket
	TLS      bool
	User     string
	Database string
}

// Rules are host rules; the first that matches decides, and nobody enters whom no rule names.
type Rules []Rule

// Rule is one line of the rules.
type Rule struct {
	Type      string   // local, host, hostssl, hostnossl
	Databases []string // nil: all
	SameUser  bool     // the database named as the user matches as well
	Users     []string // nil: all
	Network   netip.Prefix
	Any       bool // every address
	Method    Method
}

// LoopbackOnly are the rules of a server whose superuser has no password yet: whoever is on the machine is trusted, nobody else enters.
func LoopbackOnly() Rules {
	return Rules{
		{Type: "local", Method: Trust},
		{Type: "host", Network: netip.MustParsePrefix("127.0.0.0/8"), Method: Trust},
		{Type: "host", Network: netip.MustParsePrefix("::1/128"), Method: Trust},
	}
}

// PasswordFromAnywhere are the rules of a server whose superuser has a password.
func PasswordFromAnywhere() Rules {
	return Rules{{Type: "local", Method: SCRAM}, {Type: "host", Any: true, Method: SCRAM}}
}

// Find gives the method for a peer, or the FATAL error that turns it away.
func (r Rules) Find(p Peer) (Method, error) {
	for i := range r {
		if r[i].matches(p) {
			if r[i].Method == Reject {
				return Reject, refusal(p, "pg_hba.conf rejects connection for host")
			}
			return r[i].Method, nil
		}
	}
	return Reject, refusal(p, "no pg_hba.conf entry for host")
}

// refusal is PostgreSQL's error word for word, since tools look for it.
func refusal(p Peer, what string) error {
	address, encryption := "[local]", "no encryption"
	if p.Address.IsValid() {
		address = p.Address.String()
	}
	if p.TLS {
		encryption = "SSL encryption"
	}
	return fatal(pgerr.InvalidAuthorizationSpecification, `%s "%s", user "%s", database "%s", %s`,
		what, address, p.User, p.Database, encryption)
}

func (r *Rule) matches(p Peer) bool {
	if (r.Type == "local") == p.Address.IsValid() {
		return false
	}
	if r.Type == "hostssl" && !p.TLS || r.Type == "hostnossl" && p.TLS {
		return false
	}
	if r.Type != "local" && !r.Any && !r.Network.Contains(p.Address.Unmap()) {
		return false
	}
	if r.Users != nil && !slices.Contains(r.Users, p.User) {
		return false
	}
	if r.Databases == nil && !r.SameUser {
		return true
	}
	return slices.Contains(r.Databases, p.Database) || r.SameUser && p.Database == p.User
}

// LoadRules reads a file of rules.
func LoadRules(path string) (Rules, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the host rules: %w", err)
	}
	defer f.Close()
	rules, err := ParseRules(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}

// ParseRules reads rules: "type database user address method" a line (no address for type local), # begins a comment. A name in double quotes has no special
// meaning. What pg_hba.conf knows beyond that is refused rather than ignored, because a rule that means something else than it
// says is a hole.
func ParseRules(r io.Reader) (Rules, error) {
	rules := Rules{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields, err := splitRule(lines.Text())
		if err == nil && len(fields) > 0 {
			var rule Rule
			if rule, err = parseRule(fields); err == nil {
				rules = append(rules, rule)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return rules, lines.Err()
}

// word is one item of a comma-separated list.
type word struct {
	text   string
	quoted bool
}

// splitRule splits a line into fields, each a list of words.
func splitRule(line string) ([][]word, error) {
	var fields [][]word
	var field []word
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == '#':
			line = line[:i]
		case c == ' ' || c == '\t' || c == '\r':
			if field != nil {
				fields, field = append(fields, field), nil
			}
			i++
		case c == ',':
			i++
		case c == '"':
			end := strings.IndexByte(line[i+1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("a quoted name does not end")
			}
			field = append(field, word{line[i+1 : i+1+end], true})
			i += end + 2
		default:
			end := strings.IndexAny(line[i:], " \t\r,\"#")
			if end < 0 {
				end = len(line) - i
			}
			field = append(field, word{line[i : i+end], false})
			i += end
		}
	}
	if field != nil {
		fields = append(fields, field)
	}
	return fields, nil
}

func parseRule(fields [][]word) (Rule, error) {
	rule := Rule{Type: fields[0][0].text}
	switch rule.Type {
	case "local", "host", "hostssl", "hostnossl":
	default:
		return rule, fmt.Errorf("connection type %q is not known: local, host, hostssl or hostnossl", rule.Type)
	}
	if len(fields) < 4 || rule.Type != "local" && len(fields) < 5 {
		return rule, fmt.Errorf("a rule has the fields type, database, user, address (not for type local) and method")
	}
	var err error
	if rule.Databases, rule.SameUser, err = parseNames(fields[1], "database"); err != nil {
		return rule, err
	}
	if rule.Users, _, err = parseNames(fields[2], "user"); err != nil {
		return rule, err
	}
	rest := fields[3:]
	if rule.Type != "local" {
		if rest, err = rule.parseAddress(rest); err != nil {
			return rule, err
		}
	}
	if len(rest) != 1 {
		return rule, fmt.Errorf("one method is expected at the end of the rule; options of methods are not supported")
	}
	rule.Method = Method(rest[0][0].text)
	switch rule.Method {
	case Trust, Reject, SCRAM:
		return rule, nil
	}
	return rule, fmt.Errorf("method %q is not supported: trust, reject or scram-sha-256", rule.Method)
}

// parseNames reads a list of databases or users.
func parseNames(words []word, kind string) (names []string, sameUser bool, err error) {
	for _, w := range words {
		switch {
		case !w.quoted && w.text == "all":
			return nil, false, nil
		case !w.quoted && kind == "database" && w.text == "sameuser":
			sameUser = true
		case !w.quoted && kind == "database" && w.text == "replication":
			// There are no replication connections, and the word names no database.
		case !w.quoted && (strings.HasPrefix(w.text, "+") || strings.HasPrefix(w.text, "@") || strings.HasPrefix(w.text, "/") ||
			kind == "database" && (w.text == "samerole" || w.text == "samegroup")):
			return nil, false, fmt.Errorf("%s %q is not supported: give names, or all", kind, w.text)
		default:
			names = append(names, w.text)
		}
	}
	if names == nil && !sameUser {
		names = []string{} // only words that match nothing
	}
	return names, sameUser, nil
}

// parseAddress reads "all", an address with a prefix length, or an address and a mask, and returns what follows.
func (r *Rule) parseAddress(fields [][]word) ([][]word, error) {
	text := fields[0][0].text
	if text == "all" {
		r.Any = true
		return fields[1:], nil
	}
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("address %q is not an address with a prefix length", text)
		}
		r.Network = prefix.Masked()
		return fields[1:], nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return nil, fmt.Errorf("address %q is not supported: all, an address with a prefix length, or an address and a mask", text)
	}
	if len(fields) < 2 {
		return nil, fmt.Errorf("address %q lacks a prefix length or a mask", text)
	}
	mask, err := netip.ParseAddr(fields[1][0].text)
	if err != nil || mask.BitLen() != address.BitLen() {
		return nil, fmt.Errorf("%q is not a mask for address %q", fields[1][0].text, text)
	}
	bits, err := prefixLength(mask)
	if err != nil {
		return nil, err
	}
	r.Network = netip.PrefixFrom(address, bits).Masked()
	return fields[2:], nil
}

// prefixLength counts the leading ones of a mask, after which only zeros may come.
func prefixLength(mask netip.Addr) (int, error) {
	bits, ended := 0, false
	for _, b := range mask.AsSlice() {
		for i := 7; i >= 0; i-- {
			one := b>>i&1 == 1
			if one && ended {
				return 0, fmt.Errorf("mask %q has ones after zeros", mask)
			}
			if one {
				bits++
			}
			ended = !one
		}
	}
	return bits, nil
}
