package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgerr"
)

// The errors that most input functions share.

func errSyntax(typ, s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typ, s)
}

func errRange(typ, s string) error {
	return pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, typ)
}

// errBinaryLength is what PostgreSQL says of a message that is shorter than the type needs; of one that is longer its caller
// says 22P03, which the exact-length check here says as well.
func errBinaryLength(have, want int) error {
	if have < want {
		return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// trimSpace cuts isspace characters from both ends.
func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
