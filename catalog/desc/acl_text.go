package desc

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// letters are the privileges' letters in an aclitem, by bit.
const letters = "arwdDxtXUCTcsA"

// privilegeNames are the privileges' words in GRANT, by bit.
var privilegeNames = [...]string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "EXECUTE", "USAGE", "CREATE", "TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM"}

// All privileges of each kind of object, what ALL PRIVILEGES stands for.
const (
	AllTable    = Insert | Select | Update | Delete | Truncate | References | Trigger
	AllColumn   = Insert | Select | Update | References
	AllSequence = Usage | Select | Update
	AllDatabase = Create | Temporary | Connect
	AllSchema   = Usage | Create
	AllType     = Usage
	AllFunction = Execute
)

// ParsePrivilege reads a privilege's word as GRANT and has_table_privilege take it (any case); ok is false for an unknown one.
func ParsePrivilege(word string) (p Privilege, ok bool) {
	if strings.EqualFold(word, "temp") {
		return Temporary, true
	}
	for i, n := range privilegeNames {
		if strings.EqualFold(word, n) {
			return 1 << i, true
		}
	}
	return 0, false
}

// String lists the privileges' words.
func (p Privilege) String() string {
	var out []string
	for i, n := range privilegeNames {
		if p&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

// RoleNames resolves the roles in the text form of an aclitem.
type RoleNames interface {
	Role(OID) *Role
	RoleByName(string) *Role
}

// Text gives the aclitem's text: grantee=privileges/grantor, with a star after a privilege that may be granted on.
func (i ACLItem) Text(names RoleNames) string { return string(i.appendText(nil, names)) }

func (i ACLItem) appendText(b []byte, names RoleNames) []byte {
	if i.Grantee != 0 {
		b = appendRole(b, i.Grantee, names)
	}
	b = append(b, '=')
	for n := range letters {
		if i.Privileges&(1<<n) != 0 {
			b = append(b, letters[n])
		}
		if i.GrantOptions&(1<<n) != 0 {
			b = append(b, '*')
		}
	}
	b = append(b, '/')
	return appendRole(b, i.Grantor, names)
}

func appendRole(b []byte, oid OID, names RoleNames) []byte {
	r := names.Role(oid)
	if r == nil {
		return strconv.AppendUint(b, uint64(oid), 10)
	}
	if strings.IndexFunc(r.Name, unsafeInACL) < 0 {
		return append(b, r.Name...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(r.Name, `"`, `""`)...)
	return append(b, '"')
}

// unsafeInACL tells which characters make a role name quoted: all but ASCII letters, digits and the underscore.
func unsafeInACL(c rune) bool {
	return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// ParseACLItem reads an aclitem's text; errors as aclitemin's.
func ParseACLItem(text string, names RoleNames) (ACLItem, error) {
	var i ACLItem
	name, rest := aclName(strings.TrimLeft(text, " \t\n"))
	if word := rest; name == "group" || name == "user" { // aclitems once began with these words
		name, rest = aclName(strings.TrimLeft(word, " \t\n"))
		if name == "" {
			return i, pgerr.New(pgerr.InvalidTextRepresentation, "missing name").WithHint(`A name must follow the "group" or "user" key word.`)
		}
	}
	if rest == "" || rest[0] != '=' {
		return i, pgerr.New(pgerr.InvalidTextRepresentation, `missing "=" sign`)
	}
	var last Privilege
	for rest = rest[1:]; rest != "" && (rest[0] == '*' || unsafeInACL(rune(rest[0])) == false); rest = rest[1:] {
		if rest[0] == '*' {
			i.GrantOptions |= last
			continue
		}
		n := strings.IndexByte(letters, rest[0])
		if n < 0 {
			return i, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid mode character: must be one of \"%s\"", letters)
		}
		last = 1 << n
		i.Privileges |= last
	}
	if err := aclRole(&i.Grantee, name, names); err != nil {
		return i, err
	}
	if rest != "" && rest[0] == '/' {
		name, rest = aclName(rest[1:])
		if name == "" {
			return i, pgerr.New(pgerr.InvalidTextRepresentation, "a name must follow the \"/\" sign")
		}
		if err := aclRole(&i.Grantor, name, names); err != nil {
			return i, err
		}
	} else {
		i.Grantor = SuperuserOID
	}
	if strings.TrimLeft(rest, " \t\n") != "" {
		return i, pgerr.New(pgerr.InvalidTextRepresentation, "extra garbage at the end of the ACL specification")
	}
	return i, nil
}

// aclName reads a role name, quoted where it has other characters.
func aclName(s string) (name, rest string) {
	var b strings.Builder
	quoted := false
	for len(s) > 0 {
		switch c := s[0]; {
		case c == '"' && quoted && len(s) > 1 && s[1] == '"':
			b.WriteByte('"')
			s = s[1:]
		case c == '"':
			quoted = !quoted
		case !quoted && unsafeInACL(rune(c)):
			return b.String(), s
		default:
			b.WriteByte(c)
		}
		s = s[1:]
	}
	return b.String(), s
}

func aclRole(into *OID, name string, names RoleNames) error {
	if name == "" {
		*into = 0
		return nil
	}
	r := names.RoleByName(name)
	if r == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	*into = r.OID
	return nil
}
