package auth

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/proto"
)

// Codes in the place of a startup packet's protocol version.
const (
	SSLRequest    = 1234<<16 | 5679
	GSSENCRequest = 1234<<16 | 5680
	CancelRequest = 1234<<16 | 5678
)

// The protocol version that this server speaks. Clients that ask for a newer minor version are told to make do with it.
const (
	ProtocolMajor = 3
	ProtocolMinor = 0
)

// maxName is how much of a role's or database's name counts (NAMEDATALEN less its zero byte).
const maxName = 63

// Startup is a StartupMessage.
type Startup struct {
	Minor    uint32
	User     string
	Database string
	Options  string      // the switches of "options", see AllSettings
	Settings [][2]string // the other settings, in order
	Unknown  []string    // protocol options ("_pq_.…") that this server does not know
}

// Code is the version or request code that a startup packet begins with. The packet has at least four bytes.
func Code(packet []byte) uint32 { return binary.BigEndian.Uint32(packet) }

// CancelTarget reads the body of a CancelRequest.
func CancelTarget(packet []byte) (pid int32, secret []byte, ok bool) {
	if len(packet) != 12 {
		return 0, nil, false
	}
	return int32(binary.BigEndian.Uint32(packet[4:])), packet[8:], true
}

// ParseStartup reads a packet that is no request. Errors are FATAL.
func ParseStartup(packet []byte) (*Startup, error) {
	code := Code(packet)
	major, minor := code>>16, code&0xffff
	if major != ProtocolMajor {
		return nil, fatal(pgerr.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports %d.0 to %d.%d",
			major, minor, ProtocolMajor, ProtocolMajor, ProtocolMinor)
	}
	s := &Startup{Minor: minor}
	pairs, err := startupPairs(packet[4:])
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		name, value := p[0], p[1]
		switch {
		case name == "user":
			s.User = value
		case name == "database":
			s.Database = value
		case name == "options":
			s.Options = value
		case name == "replication":
			if err := checkReplication(value); err != nil {
				return nil, err
			}
		case strings.HasPrefix(name, "_pq_."):
			s.Unknown = append(s.Unknown, name)
		default:
			s.Settings = append(s.Settings, p)
		}
	}
	if s.User == "" {
		return nil, fatal(pgerr.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	if s.Database == "" {
		s.Database = s.User
	}
	s.User, s.Database = truncate(s.User), truncate(s.Database)
	return s, nil
}

// AllSettings are the settings in the order in which they apply: those of the switches first. Errors are FATAL; they are for clients that
// have logged in, which is why ParseStartup does not find them.
func (s *Startup) AllSettings() ([][2]string, error) {
	settings, err := parseOptions(s.Options)
	return append(settings, s.Settings...), err
}

// startupPairs splits the packet's name-value pairs, which end with an empty name.
func startupPairs(b []byte) ([][2]string, error) {
	var pairs [][2]string
	for len(b) > 0 && b[0] != 0 {
		name, rest, ok := bytes.Cut(b, []byte{0})
		if !ok {
			break
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			break
		}
		for _, text := range [][]byte{name, value} {
			if err := proto.CheckText(text); err != nil {
				return nil, err.WithSeverity("FATAL")
			}
		}
		pairs = append(pairs, [2]string{string(name), string(value)})
		b = rest
	}
	if len(b) != 1 || b[0] != 0 {
		return nil, fatal(pgerr.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte")
	}
	return pairs, nil
}

// checkReplication accepts the values that ask for an ordinary connection.
func checkReplication(value string) error {
	switch strings.ToLower(value) {
	case "false", "off", "no", "0", "f", "n", "of", "fa", "fal", "fals":
		return nil
	case "true", "on", "yes", "1", "t", "y", "database":
		return pgerr.Unsupported("replication connections").WithSeverity("FATAL")
	}
	return fatal(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", "replication", value).
		WithHint(`Valid values are: "false", 0, "true", 1, "database".`)
}

// parseOptions reads the switches of the startup option "options": -c name=value and --name=value.
func parseOptions(options string) ([][2]string, error) {
	var settings [][2]string
	words := splitOptions(options)
	for i := 0; i < len(words); i++ {
		word := words[i]
		var setting, given string
		switch {
		case strings.HasPrefix(word, "--"):
			setting, given = word[2:], "--"+word[2:]
		case word == "-c" && i+1 < len(words):
			i++
			setting, given = words[i], "-c "+words[i]
		case strings.HasPrefix(word, "-c") && len(word) > 2:
			setting, given = word[2:], "-c "+word[2:]
		default:
			return nil, fatal(pgerr.SyntaxError, "invalid command-line argument for server process: %s", word).
				WithHint("kalampg takes -c name=value and --name=value in the connection's options.")
		}
		name, value, ok := strings.Cut(setting, "=")
		if !ok {
			return nil, fatal(pgerr.SyntaxError, "%s requires a value", given)
		}
		settings = append(settings, [2]string{strings.ReplaceAll(name, "-", "_"), value})
	}
	return settings, nil
}

// splitOptions splits at white space; a backslash takes the next character as it is.
func splitOptions(s string) []string {
	var words []string
	var word []byte
	inWord := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			if inWord {
				words, word, inWord = append(words, string(word)), word[:0], false
			}
		case c == '\\' && i+1 < len(s):
			i++
			word, inWord = append(word, s[i]), true
		case c == '\\':
			inWord = true
		default:
			word, inWord = append(word, c), true
		}
	}
	if inWord {
		words = append(words, string(word))
	}
	return words
}

// truncate cuts a name at the last whole character within maxName bytes.
func truncate(name string) string {
	if len(name) <= maxName {
		return name
	}
	end := maxName
	for end > 0 && name[end]&0xc0 == 0x80 {
		end--
	}
	return name[:end]
}

func fatal(code pgerr.Code, format string, args ...any) *pgerr.Error {
	return pgerr.Newf(code, format, args...).WithSeverity("FATAL")
}
