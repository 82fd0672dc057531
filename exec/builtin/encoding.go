package builtin

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
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

// charset is one of PostgreSQL's encodings.
type charset struct {
	name     string
	maxBytes int
	table    encoding.Encoding // nil: no conversion here
}

// The charsets that need no table.
const (
	charsetASCII = 0
	charsetUTF8  = 6
)

// charsets are PostgreSQL's encodings; the place is the number that pg_database has.
var charsets = []charset{
	{"SQL_ASCII", 1, nil}, {"EUC_JP", 3, japanese.EUCJP}, {"EUC_CN", 3, simplifiedchinese.GBK}, {"EUC_KR", 3, korean.EUCKR},
	{"EUC_TW", 4, nil}, {"EUC_JIS_2004", 3, nil}, {"UTF8", 4, encoding.Nop}, {"MULE_INTERNAL", 4, nil}, {"LATIN1", 1, charmap.ISO8859_1},
	{"LATIN2", 1, charmap.ISO8859_2}, {"LATIN3", 1, charmap.ISO8859_3}, {"LATIN4", 1, charmap.ISO8859_4}, {"LATIN5", 1, charmap.ISO8859_9},
	{"LATIN6", 1, charmap.ISO8859_10}, {"LATIN7", 1, charmap.ISO8859_13}, {"LATIN8", 1, charmap.ISO8859_14}, {"LATIN9", 1, charmap.ISO8859_15},
	{"LATIN10", 1, charmap.ISO8859_16}, {"WIN1256", 1, charmap.Windows1256}, {"WIN1258", 1, charmap.Windows1258}, {"WIN866", 1, charmap.CodePage866},
	{"WIN874", 1, charmap.Windows874}, {"KOI8R", 1, charmap.KOI8R}, {"WIN1251", 1, charmap.Windows1251}, {"WIN1252", 1, charmap.Windows1252},
	{"ISO_8859_5", 1, charmap.ISO8859_5}, {"ISO_8859_6", 1, charmap.ISO8859_6}, {"ISO_8859_7", 1, charmap.ISO8859_7},
	{"ISO_8859_8", 1, charmap.ISO8859_8}, {"WIN1250", 1, charmap.Windows1250}, {"WIN1253", 1, charmap.Windows1253},
	{"WIN1254", 1, charmap.Windows1254}, {"WIN1255", 1, charmap.Windows1255}, {"WIN1257", 1, charmap.Windows1257}, {"KOI8U", 1, charmap.KOI8U},
	{"SJIS", 2, japanese.ShiftJIS}, {"BIG5", 2, traditionalchinese.Big5}, {"GBK", 2, simplifiedchinese.GBK}, {"UHC", 2, korean.EUCKR},
	{"GB18030", 4, simplifiedchinese.GB18030}, {"JOHAB", 3, nil}, {"SHIFT_JIS_2004", 2, nil},
}

// charsetAliases are the other names that encodings go by, folded.
var charsetAliases = map[string]string{
	"abc": "WIN1258", "alt": "WIN866", "iso88591": "LATIN1", "iso885910": "LATIN6", "iso885913": "LATIN7", "iso885914": "LATIN8",
	"iso885915": "LATIN9", "iso885916": "LATIN10", "iso88592": "LATIN2", "iso88593": "LATIN3", "iso88594": "LATIN4", "iso88599": "LATIN5",
	"koi8": "KOI8R", "mskanji": "SJIS", "shiftjis": "SJIS", "tcvn": "WIN1258", "tcvn5712": "WIN1258", "unicode": "UTF8", "vscii": "WIN1258",
	"win": "WIN1251", "win932": "SJIS", "win936": "GBK", "win949": "UHC", "win950": "BIG5", "windows1250": "WIN1250", "windows1251": "WIN1251",
	"windows1252": "WIN1252", "windows1253": "WIN1253", "windows1254": "WIN1254", "windows1255": "WIN1255", "windows1256": "WIN1256",
	"windows1257": "WIN1257", "windows1258": "WIN1258", "windows866": "WIN866", "windows874": "WIN874", "windows932": "SJIS", "windows936": "GBK",
	"windows949": "UHC", "windows950": "BIG5",
}

// charsetByName finds an encoding's number, -1 when there is none.
func charsetByName(name string) int {
	folded := foldName(name)
	if alias, ok := charsetAliases[folded]; ok {
		folded = foldName(alias)
	}
	for i := range charsets {
		if foldName(charsets[i].name) == folded {
			return i
		}
	}
	return -1
}

func encodingToChar(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if i := a[0].Int(); i >= 0 && i < int64(len(charsets)) {
		return pgtype.Text(charsets[i].name), nil
	}
	return pgtype.Text(""), nil
}

func charToEncoding(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(charsetByName(a[0].Text()))), nil
}

func encodingMaxLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if i := a[0].Int(); i >= 0 && i < int64(len(charsets)) {
		return pgtype.Int(int64(charsets[i].maxBytes)), nil
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
	from, to := charsetByName(source), charsetByName(target)
	if from < 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid source encoding name \"%s\"", source)
	}
	if to < 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid destination encoding name \"%s\"", target)
	}
	if from == charsetUTF8 || from == charsetASCII && to == charsetUTF8 {
		if err := pgtype.CheckUTF8(b); err != nil {
			return pgtype.Null, err
		}
	}
	if from == to || from == charsetASCII || to == charsetASCII {
		return pgtype.Bytes(b), nil
	}
	if charsets[from].table == nil || charsets[to].table == nil || from != charsetUTF8 && to != charsetUTF8 {
		return pgtype.Null, pgerr.Newf(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", charsets[from].name, charsets[to].name)
	}
	if to == charsetUTF8 {
		return decodeCharset(b, &charsets[from])
	}
	return encodeCharset(b, &charsets[to])
}

func errNoEquivalent(b []byte, from, to string) error {
	return pgerr.Newf(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", byteList(b), from, to)
}

func byteList(b []byte) string {
	parts := make([]string, len(b))
	for i, c := range b {
		parts[i] = fmt.Sprintf("0x%02x", c)
	}
	return strings.Join(parts, " ")
}

// encodeCharset goes character by character when the whole does not succeed, to name the one that has no equivalent.
func encodeCharset(b []byte, to *charset) (pgtype.Datum, error) {
	out, err := to.table.NewEncoder().Bytes(b)
	if err == nil {
		return pgtype.Bytes(out), nil
	}
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if _, err := to.table.NewEncoder().Bytes(b[:n]); err != nil {
			return pgtype.Null, errNoEquivalent(b[:n], "UTF8", to.name)
		}
		b = b[n:]
	}
	return pgtype.Bytes(out), nil
}

// decodeCharset reads bytes of another encoding. Tables give U+FFFD for what they do not have.
func decodeCharset(b []byte, from *charset) (pgtype.Datum, error) {
	for i, c := range b {
		if c == 0 {
			return pgtype.Null, errBytes(from, b[i:i+1])
		}
	}
	out, err := from.table.NewDecoder().Bytes(b)
	if err == nil && !strings.ContainsRune(string(out), utf8.RuneError) {
		return pgtype.Bytes(out), nil
	}
	for len(b) > 0 {
		n := 1
		if b[0] >= 0x80 {
			n = min(from.maxBytes, len(b), 2)
		}
		if v, err := from.table.NewDecoder().Bytes(b[:n]); err != nil || strings.ContainsRune(string(v), utf8.RuneError) {
			if from.maxBytes == 1 {
				return pgtype.Null, errNoEquivalent(b[:n], from.name, "UTF8")
			}
			return pgtype.Null, errBytes(from, b[:n])
		}
		b = b[n:]
	}
	return pgtype.Bytes(out), nil
}

func errBytes(from *charset, b []byte) error {
	return pgerr.Newf(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": %s", from.name, byteList(b))
}

func lengthInEncoding(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, name := a[0].Bytes(), a[1].Text()
	i := charsetByName(name)
	switch {
	case i < 0:
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid encoding name \"%s\"", name)
	case i == charsetUTF8:
		if err := pgtype.CheckUTF8(b); err != nil {
			return pgtype.Null, err
		}
		return pgtype.Int(int64(utf8.RuneCount(b))), nil
	case charsets[i].maxBytes == 1:
		return pgtype.Int(int64(len(b))), nil
	case charsets[i].table == nil:
		return pgtype.Null, pgerr.Unsupported("encoding " + charsets[i].name)
	}
	d, err := decodeCharset(b, &charsets[i])
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(int64(utf8.RuneCountInString(d.Text()))), nil
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
