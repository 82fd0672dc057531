package pgcatalog

import (
	"strings"
)

// NextvalArgument takes the sequence's name out of a default that is nextval('schema.name'::regclass) and nothing else.
func NextvalArgument(expr string) (schema, name string, ok bool) {
	expr, ok = strings.CutPrefix(expr, "nextval('")
	if !ok {
		return "", "", false
	}
	expr, ok = strings.CutSuffix(expr, "'::regclass)")
	if !ok {
		return "", "", false
	}
	parts := splitIdentifiers(strings.ReplaceAll(expr, "''", "'"))
	switch len(parts) {
	case 1:
		return "", parts[0], true
	case 2:
		return parts[0], parts[1], true
	}
	return "", "", false
}

// splitIdentifiers cuts a qualified name at its dots and takes the quotes off.
func splitIdentifiers(s string) []string {
	var parts []string
	var part strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			part.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case c == '.' && !quoted:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(parts, part.String())
}
