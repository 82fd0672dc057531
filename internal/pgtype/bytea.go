package pgtype

import (
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

const hexDigits = "0123456789abcdef"

// byteaCodec is bytea, in its hex and its escape form.
type byteaCodec struct{ byteString }

func (byteaCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == 'x' {
		b, err := DecodeHex(s[2:])
		return Bytes(b), err
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case i+1 < len(s) && s[i+1] == '\\':
			b = append(b, '\\')
			i++
		default:
			return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return Bytes(b), nil
}

// DecodeHex reads pairs of hexadecimal digits, white space between pairs allowed, as decode(…, 'hex').
func DecodeHex(s string) ([]byte, error) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			continue
		}
		high := digitValue(s[i])
		if high > 15 {
			return nil, errHexDigit(s[i:])
		}
		i++
		if i == len(s) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		low := digitValue(s[i])
		if low > 15 {
			return nil, errHexDigit(s[i:])
		}
		b = append(b, byte(high<<4|low))
	}
	return b, nil
}

func errHexDigit(s string) error {
	_, n := utf8.DecodeRuneInString(s)
	return pgerr.Newf(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[:n])
}

func (byteaCodec) AppendText(c *Context, dst []byte, d Datum) []byte {
	b := d.Bytes()
	if c != nil && c.ByteaEscape {
		for _, ch := range b {
			switch {
			case ch == '\\':
				dst = append(dst, '\\', '\\')
			case ch < 0x20 || ch > 0x7e:
				dst = append(dst, '\\', '0'+ch>>6, '0'+ch>>3&7, '0'+ch&7)
			default:
				dst = append(dst, ch)
			}
		}
		return dst
	}
	dst = append(dst, '\\', 'x')
	for _, ch := range b {
		dst = append(dst, hexDigits[ch>>4], hexDigits[ch&15])
	}
	return dst
}

func (byteaCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) { return Bytes(b), nil }
func (byteaCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(dst, d.Bytes()...)
}
