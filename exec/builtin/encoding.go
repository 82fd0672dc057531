package builtin

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
)

// encodingFamily is encode and decode, and the conversions between character sets. The database's own is always UTF8.
var encodingFamily = []Def{
	{Name: "binary_encode", Scalar: encodeBinary},
	{Name: "binary_decode", Scalar: decodeBinary},
	{Name: "pg_convert", Scalar: convertEncoding},
	{Name: "pg_convert_from", Scalar: convertFrom},
	{Name: "pg_convert_to", Scalar: convertTo},
	{Name: "length_in_encoding", Scalar: lengthInEncoding},
	{Name: "to_ascii_default", Scalar: toASCII},
	{Name: "PG_encoding_to_char", Scalar: encodingToChar},
	{Name: "PG_char_to_encoding", Scalar: charToEncoding},
	{Name: "pg_encoding_max_length_sql", Scalar: encodingMaxLength},
}

func encodingToChar(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if i := a[0].Int(); i >= 0 && i < int64(len(charset.All)) {
		return pgtype.Text(charset.All[i].Name), nil
	}
	return pgtype.Text(""), nil
}

func charToEncoding(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(charset.Number(a[0].Text()))), nil
}

func encodingMaxLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if i := a[0].Int(); i >= 0 && i < int64(len(charset.All)) {
		return pgtype.Int(int64(charset.All[i].MaxBytes)), nil
	}
	return pgtype.Null, nil
}

func convertFrom(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return convertNamed(a[0].Bytes(), a[1].Text(), "UTF8")
}

func convertTo(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return convertNamed(a[0].Bytes(), "UTF8", a[1].Text())
}

func convertEncoding(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return convertNamed(a[0].Bytes(), a[1].Text(), a[2].Text())
}

func convertNamed(b []byte, source, target string) (pgtype.Datum, error) {
	from, to := charset.Number(source), charset.Number(target)
	if from < 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid source encoding name \"%s\"", source)
	}
	if to < 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid destination encoding name \"%s\"", target)
	}
	if from == charset.UTF8 || from == charset.ASCII && to == charset.UTF8 {
		if err := pgtype.CheckUTF8(b); err != nil {
			return pgtype.Null, err
		}
	}
	if from == to || from == charset.ASCII || to == charset.ASCII {
		return pgtype.Bytes(b), nil
	}
	if !charset.All[from].Converts() || !charset.All[to].Converts() || from != charset.UTF8 && to != charset.UTF8 {
		return pgtype.Null, pgerr.Newf(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", charset.All[from].Name, charset.All[to].Name)
	}
	if to == charset.UTF8 {
		out, err := charset.All[from].Decode(b)
		return pgtype.Bytes(out), err
	}
	out, err := charset.All[to].Encode(b)
	return pgtype.Bytes(out), err
}

func lengthInEncoding(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, name := a[0].Bytes(), a[1].Text()
	i := charset.Number(name)
	switch {
	case i < 0:
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid encoding name \"%s\"", name)
	case i == charset.UTF8:
		if err := pgtype.CheckUTF8(b); err != nil {
			return pgtype.Null, err
		}
		return pgtype.Int(int64(utf8.RuneCount(b))), nil
	case charset.All[i].MaxBytes == 1:
		return pgtype.Int(int64(len(b))), nil
	case !charset.All[i].Converts():
		return pgtype.Null, pgerr.Unsupported("encoding " + charset.All[i].Name)
	}
	out, err := charset.All[i].Decode(b)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(int64(utf8.RuneCount(out))), nil
}

func toASCII(*Call, []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "encoding conversion from UTF8 to ASCII not supported")
}

func errBinaryEncoding(name string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// base64Line is the length of the lines that base64 is broken into.
const base64Line = 76

func encodeBinary(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b := a[0].Bytes()
	switch strings.ToLower(a[1].Text()) {
	case "hex":
		return pgtype.Text(hexString(b)), nil
	case "escape":
		return pgtype.Bytes(escapeBytes(b)), nil
	case "base64":
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(s) > base64Line {
			out.WriteString(s[:base64Line])
			out.WriteByte('\n')
			s = s[base64Line:]
		}
		out.WriteString(s)
		return pgtype.Text(out.String()), nil
	}
	return pgtype.Null, errBinaryEncoding(a[1].Text())
}

// escapeBytes is the format "escape" of encode: other than bytea's output, it leaves control characters but the zero byte.
func escapeBytes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c == 0 || c >= 0x80:
			out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		case c == '\\':
			out = append(out, '\\', '\\')
		default:
			out = append(out, c)
		}
	}
	return out
}

func decodeBinary(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := a[0].Text()
	switch strings.ToLower(a[1].Text()) {
	case "hex":
		b, err := pgtype.DecodeHex(s)
		return pgtype.Bytes(b), err
	case "escape":
		if strings.HasPrefix(s, `\x`) { // not the hexadecimal form here
			return pgtype.Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
		return pgtype.ByteaType.Codec.ParseText(c.Text, s, -1)
	case "base64":
		return decodeBase64(s)
	}
	return pgtype.Null, errBinaryEncoding(a[1].Text())
}

// decodeBase64 skips white space anywhere and wants padding, at the end only.
func decodeBase64(s string) (pgtype.Datum, error) {
	out := make([]byte, 0, len(s)*3/4)
	var group uint32
	have, padding := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		var v uint32
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '=':
			if padding == 0 {
				if have != 2 && have != 3 {
					return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
				}
				padding = 4 - have
			}
		default:
			at := strings.IndexByte(base64Alphabet, c)
			if at < 0 {
				_, n := utf8.DecodeRuneInString(s[i:])
				return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", s[i:i+n])
			}
			v = uint32(at)
		}
		group = group<<6 | v
		if have++; have == 4 {
			out = append(out, byte(group>>16), byte(group>>8), byte(group))
			out = out[:len(out)-padding]
			group, have = 0, 0
		}
	}
	if have != 0 {
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return pgtype.Bytes(out), nil
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
