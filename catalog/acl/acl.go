package acl

import (
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
)

// Letters are the privileges' letters, bit by bit.
const Letters = "arwdDxtXUCTcsA"

// Names are the privileges' names in SQL, bit by bit.
var Names = [...]string{
	"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "EXECUTE", "USAGE", "CREATE", "TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM",
}

// What an owner may do with each kind of object.
const (
	AllTable     = desc.Insert | desc.Select | desc.Update | desc.Delete | desc.Truncate | desc.References | desc.Trigger
	AllColumn    = desc.Insert | desc.Select | desc.Update | desc.References
	AllSequence  = desc.Select | desc.Update | desc.Usage
	AllDatabase  = desc.Create | desc.Temporary | desc.Connect
	AllSchema    = desc.Usage | desc.Create
	AllParameter = desc.SetParam | desc.AlterSystem
	AllLargeObj  = desc.Select | desc.Update
)

// Default is what an object of a kind has without a list, as acldefault: kind is c column, r table, s sequence, d database, f function, l language, L large
// object, n schema, p parameter, t tablespace, F foreign-data wrapper, S foreign server, T type. ok is false for another kind.
func Default(kind byte, owner desc.OID) (list desc.ACL, ok bool) {
	var public, own desc.Privilege
	switch kind {
	case 'c':
	case 'r':
		own = AllTable
	case 's':
		own = AllSequence
	case 'd':
		public, own = desc.Temporary|desc.Connect, AllDatabase
	case 'f':
		public, own = desc.Execute, desc.Execute
	case 'l', 'T':
		public, own = desc.Usage, desc.Usage
	case 'L':
		own = AllLargeObj
	case 'n':
		own = AllSchema
	case 'p':
		own = AllParameter
	case 't':
		own = desc.Create
	case 'F', 'S':
		own = desc.Usage
	default:
		return nil, false
	}
	list = desc.ACL{}
	if public != 0 {
		list = append(list, desc.ACLItem{Grantor: owner, Privileges: public})
	}
	if own != 0 {
		list = append(list, desc.ACLItem{Grantee: owner, Grantor: owner, Privileges: own})
	}
	return list, true
}

// Format prints an item as aclitemout; name gives a role's name.
func Format(item desc.ACLItem, name func(desc.OID) string) string {
	var b strings.Builder
	if item.Grantee != 0 {
		b.WriteString(quote(name(item.Grantee)))
	}
	b.WriteByte('=')
	for i := range Letters {
		bit := desc.Privilege(1) << i
		if item.Privileges&bit != 0 {
			b.WriteByte(Letters[i])
			if item.GrantOptions&bit != 0 {
				b.WriteByte('*')
			}
		}
	}
	b.WriteByte('/')
	b.WriteString(quote(name(item.Grantor)))
	return b.String()
}

// quote quotes a role's name as aclitemout does: unless it is of letters, digits and underscores only.
func quote(s string) string {
	safe := s != ""
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80) {
			safe = false
		}
	}
	if safe {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// Parse reads an aclitem[] in text form; nil for the empty string. Items of roles that role does not know are left out.
func Parse(s string, role func(name string) (desc.OID, bool)) desc.ACL {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if s == "" {
		return nil
	}
	list := desc.ACL{}
	for _, word := range splitItems(s) {
		if item, ok := ParseItem(word, role); ok {
			list = append(list, item)
		}
	}
	return list
}

// splitItems cuts an array's text at the commas outside quotes and removes the array's own quoting.
func splitItems(s string) []string {
	var out []string
	var word strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
		case c == ',' && !quoted:
			out = append(out, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	return append(out, word.String())
}

// ParseItem reads an aclitem's text form.
func ParseItem(s string, role func(name string) (desc.OID, bool)) (item desc.ACLItem, ok bool) {
	grantee, rest := roleName(s)
	if !strings.HasPrefix(rest, "=") {
		return item, false
	}
	rest = rest[1:]
	i := 0
	var last desc.Privilege
	for ; i < len(rest) && rest[i] != '/'; i++ {
		if rest[i] == '*' {
			item.GrantOptions |= last
			continue
		}
		bit := strings.IndexByte(Letters, rest[i])
		if bit < 0 {
			return item, false
		}
		last = 1 << bit
		item.Privileges |= last
	}
	item.Grantor = desc.SuperuserOID
	if i < len(rest) {
		grantor, _ := roleName(rest[i+1:])
		if item.Grantor, ok = role(grantor); !ok {
			return item, false
		}
	}
	if grantee != "" {
		if item.Grantee, ok = role(grantee); !ok {
			return item, false
		}
	}
	return item, true
}

// roleName reads a role's name, quoted or not, up to what ends it.
func roleName(s string) (name, rest string) {
	if !strings.HasPrefix(s, `"`) {
		if i := strings.IndexAny(s, "=/"); i >= 0 {
			return s[:i], s[i:]
		}
		return s, ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
		} else if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
		} else {
			return b.String(), s[i+1:]
		}
	}
	return b.String(), ""
}

// Granted is the union of the privileges, and of the grant options, that the list gives to PUBLIC and to the roles that holds accepts. An owner's
// grant options come with ownership, not with the list.
func Granted(list desc.ACL, holds func(role desc.OID) bool) (privileges, options desc.Privilege) {
	for _, item := range list {
		if item.Grantee == 0 || holds(item.Grantee) {
			privileges |= item.Privileges
			options |= item.GrantOptions
		}
	}
	return privileges, options
}
