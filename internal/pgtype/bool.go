package pgtype

import "strings"

type boolCodec struct{ word }

func (boolCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	if len(s) == 1 {
		switch s[0] {
		case 't', '1':
			return Bool(true), nil
		case 'f', '0':
			return Bool(false), nil
		}
	}
	if v, ok := ParseBool(trimSpace(s)); ok {
		return Bool(v), nil
	}
	return Null, errSyntax("boolean", s)
}

// ParseBool reads a boolean as PostgreSQL does everywhere: any unique prefix of true, false, yes, no, on, off; 1 and 0.
func ParseBool(s string) (value, ok bool) {
	prefix := func(word string, least int) bool {
		return len(s) >= least && len(s) <= len(word) && strings.EqualFold(s, word[:len(s)])
	}
	switch {
	case prefix("true", 1), prefix("yes", 1), prefix("on", 2), s == "1":
		return true, true
	case prefix("false", 1), prefix("no", 1), prefix("off", 2), s == "0":
		return false, true
	}
	return false, false
}

func (boolCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	if d.Bool() {
		return append(dst, 't')
	}
	return append(dst, 'f')
}

func (c boolCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != 1 {
		return Null, errBinaryLength(len(b), 1)
	}
	return Bool(b[0] != 0), nil
}
