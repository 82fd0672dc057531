package pgtype

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// byteString gives the types that are a byte string, compared bytewise, their comparison, hash, key and stored form.
type byteString struct{}

func (byteString) Compare(a, b Datum) int               { return strings.Compare(a.Text(), b.Text()) }
func (byteString) Comparable() bool                     { return true }
func (byteString) Hash(d Datum, seed uint64) uint64     { return hashBytes(d.Bytes(), seed) }
func (byteString) AppendKey(dst []byte, d Datum) []byte { return appendKeyString(dst, d.Text()) }

func (byteString) DecodeKey(b []byte) (Datum, []byte, error) {
	s, rest, err := decodeKeyString(b)
	if err != nil {
		return Null, nil, err
	}
	return Bytes(s), rest, nil
}

func (byteString) AppendStored(dst []byte, d Datum) []byte { return append(dst, d.Text()...) }
func (byteString) DecodeStored(b []byte) (Datum, error)    { return Bytes(b), nil }

// textCodec is text, and every type whose values are their own text form: refcursor, unknown, cstring, aclitem, pg_node_tree.
type textCodec struct {
	byteString
	t *Type
}

func (textCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) { return Text(s), nil }
func (textCodec) AppendText(_ *Context, dst []byte, d Datum) []byte      { return append(dst, d.Text()...) }
func (textCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(dst, d.Text()...)
}
func (textCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if err := CheckUTF8(b); err != nil {
		return Null, err
	}
	return Bytes(b), nil
}

// CheckUTF8 verifies text from outside: 22021 names the first bytes that are not UTF-8, or a zero byte.
func CheckUTF8(b []byte) error {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return nil
	}
	for i := 0; i < len(b); {
		if b[i] == 0 {
			return errEncoding(b[i : i+1])
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return errEncoding(b[i:min(i+utf8Length(b[i]), len(b))])
		}
		i += n
	}
	return nil
}

// utf8Length is the length that a first byte promises.
func utf8Length(c byte) int {
	switch {
	case c&0xE0 == 0xC0:
		return 2
	case c&0xF0 == 0xE0:
		return 3
	case c&0xF8 == 0xF0:
		return 4
	}
	return 1
}

func errEncoding(b []byte) error {
	const hex = "0123456789abcdef"
	var s strings.Builder
	for i, c := range b {
		if i > 0 {
			s.WriteByte(' ')
		}
		s.WriteString("0x")
		s.WriteByte(hex[c>>4])
		s.WriteByte(hex[c&15])
	}
	return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", s.String())
}

// varcharCodec is character varying.
type varcharCodec struct{ textCodec }

func (varcharCodec) ParseText(_ *Context, s string, typmod int32) (Datum, error) {
	return coerceVarchar(s, typmod, false)
}

func (c varcharCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	d, err := c.textCodec.ParseBinary(ctx, b, -1)
	if err != nil {
		return Null, err
	}
	return coerceVarchar(d.Text(), typmod, false)
}

// coerceVarchar fits s to varchar(n): an explicit cast cuts, otherwise only blanks may be cut.
func coerceVarchar(s string, typmod int32, explicit bool) (Datum, error) {
	cut, over := splitAt(s, typmod)
	if over == "" {
		return Text(s), nil
	}
	if !explicit && strings.Trim(over, " ") != "" {
		return Null, pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type character varying(%d)", typmod-varHeader)
	}
	return Text(cut), nil
}

// splitAt cuts s behind the characters that the modifier of a character type allows.
func splitAt(s string, typmod int32) (in, over string) {
	n := int(typmod - varHeader)
	if typmod < varHeader || len(s) <= n {
		return s, ""
	}
	for i := range s {
		if n == 0 {
			return s[:i], s[i:]
		}
		n--
	}
	return s, ""
}

// bpcharCodec is character(n): padded with blanks, which do not count in comparisons.
type bpcharCodec struct{ textCodec }

func (bpcharCodec) ParseText(_ *Context, s string, typmod int32) (Datum, error) {
	return coerceBpchar(s, typmod, false)
}

func (c bpcharCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	d, err := c.textCodec.ParseBinary(ctx, b, -1)
	if err != nil {
		return Null, err
	}
	return coerceBpchar(d.Text(), typmod, false)
}

func coerceBpchar(s string, typmod int32, explicit bool) (Datum, error) {
	cut, over := splitAt(s, typmod)
	if over == "" {
		missing := int(typmod-varHeader) - utf8.RuneCountInString(s)
		if typmod < varHeader || missing <= 0 {
			return Text(s), nil
		}
		return Text(s + strings.Repeat(" ", missing)), nil
	}
	if !explicit && strings.Trim(over, " ") != "" {
		return Null, pgerr.Newf(pgerr.StringDataRightTruncation, "value too long for type character(%d)", typmod-varHeader)
	}
	return Text(cut), nil
}

func trimBlanks(s string) string { return strings.TrimRight(s, " ") }

func (bpcharCodec) Compare(a, b Datum) int {
	return strings.Compare(trimBlanks(a.Text()), trimBlanks(b.Text()))
}

func (bpcharCodec) Hash(d Datum, seed uint64) uint64 {
	return hashBytes(bytes.TrimRight(d.Bytes(), " "), seed)
}

func (bpcharCodec) AppendKey(dst []byte, d Datum) []byte {
	return appendKeyString(dst, trimBlanks(d.Text()))
}

// nameLength is the most bytes in an identifier.
const nameLength = 63

// nameCodec is name: an identifier, cut to 63 bytes.
type nameCodec struct{ textCodec }

func (nameCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	return Text(TruncateName(s)), nil
}

// TruncateName cuts an identifier to what a name holds, between characters.
func TruncateName(s string) string {
	if len(s) <= nameLength {
		return s
	}
	n := nameLength
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (c nameCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	if len(b) > nameLength {
		return Null, pgerr.New(pgerr.NameTooLong, "identifier too long").WithDetail("Identifier must be less than %d characters.", nameLength+1)
	}
	return c.textCodec.ParseBinary(ctx, b, -1)
}

// qcharCodec is the type "char": one byte.
type qcharCodec struct{ word }

func (qcharCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	if len(s) == 4 && s[0] == '\\' && isOctal(s[1]) && isOctal(s[2]) && isOctal(s[3]) {
		return Int(int64(byte(s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'))), nil
	}
	if s == "" {
		return Int(0), nil
	}
	return Int(int64(s[0])), nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func (qcharCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	c := byte(d.Int())
	switch {
	case c == 0:
		return dst
	case c >= 0x80:
		return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
	return append(dst, c)
}
